package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// concurrency is how many captures run at once; the card gateway allows us ten connections.
const concurrency = 8

// redeliverAfter says when a job that failed for the moment is offered again. A job that has
// used all three goes to the dead-letter queue, where a person looks at it.
var redeliverAfter = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second}

// Job is a request to take the payment for one order.
type Job struct {
	OrderNumber string `json:"order_number"`
	Pence       int64  `json:"pence"`
	CardToken   string `json:"card_token"`
	Attempt     int    `json:"attempt"`
}

// Queue is where jobs come from. A job that is not acknowledged is delivered again.
type Queue interface {
	// Next blocks until there is a job or the context ends.
	Next(ctx context.Context) (Job, error)
	Ack(job Job) error
	Retry(job Job, after time.Duration) error
	DeadLetter(job Job, reason string) error
	Publish(kind, orderNumber string) error
	Waiting() int
}

// Worker moves jobs from the queue through the gateway.
type Worker struct {
	Queue   Queue
	Gateway *Gateway
	Log     *slog.Logger

	running      sync.WaitGroup
	lastFinished atomic.Int64
}

// Run starts the capture loops and returns when ctx ends; captures in flight carry on.
func (w *Worker) Run(ctx context.Context) {
	w.lastFinished.Store(time.Now().UnixNano())
	slots := make(chan struct{}, concurrency)
	for {
		job, err := w.Queue.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.Log.Error("queue", "error", err)
			time.Sleep(time.Second)
			continue
		}
		slots <- struct{}{}
		w.running.Add(1)
		go func() {
			defer func() { <-slots; w.running.Done() }()
			w.handle(context.WithoutCancel(ctx), job)
		}()
	}
}

// handle takes one payment and tells the order service how it went.
func (w *Worker) handle(ctx context.Context, job Job) {
	defer w.lastFinished.Store(time.Now().UnixNano())
	err := w.Gateway.Capture(ctx, job)
	var declined *Declined
	switch {
	case err == nil:
		w.settle(job, "payment.captured")
	case errors.As(err, &declined):
		w.Log.Info("declined", "order", job.OrderNumber, "code", declined.Code)
		w.settle(job, "payment.declined")
	case job.Attempt >= len(redeliverAfter):
		w.Log.Error("given up", "order", job.OrderNumber, "error", err)
		w.check(w.Queue.DeadLetter(job, err.Error()))
	default:
		pause := redeliverAfter[job.Attempt]
		job.Attempt++
		w.check(w.Queue.Retry(job, pause))
	}
}

// settle publishes before it acknowledges: a crash between the two repeats the event, and the
// order service ignores an event it has seen. The other way round would lose it.
func (w *Worker) settle(job Job, kind string) {
	if err := w.Queue.Publish(kind, job.OrderNumber); err != nil {
		w.check(w.Queue.Retry(job, redeliverAfter[0]))
		return
	}
	w.check(w.Queue.Ack(job))
}

func (w *Worker) check(err error) {
	if err != nil {
		w.Log.Error("queue", "error", err)
	}
}

// Stalled reports whether jobs are waiting and none was finished for the given time.
func (w *Worker) Stalled(limit time.Duration) bool {
	idle := time.Since(time.Unix(0, w.lastFinished.Load()))
	return w.Queue.Waiting() > 0 && idle > limit
}

// Drain waits for captures in flight, or until ctx ends.
func (w *Worker) Drain(ctx context.Context) error {
	finished := make(chan struct{})
	go func() { w.running.Wait(); close(finished) }()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
