package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// BrokerQueue reads jobs from the message broker's HTTP bridge.
type BrokerQueue struct {
	base    string
	client  *http.Client
	waiting atomic.Int64
}

// NewBrokerQueue returns a queue; a poll waits at the broker for up to twenty seconds.
func NewBrokerQueue(base string) *BrokerQueue {
	return &BrokerQueue{base: base, client: &http.Client{Timeout: 25 * time.Second}}
}

// Next long-polls for a job. The broker hides a delivered job from other workers for two
// minutes; the depth of the queue comes back in a header.
func (q *BrokerQueue) Next(ctx context.Context) (Job, error) {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, q.base+"/queues/payments?wait=20s", nil)
		if err != nil {
			return Job{}, err
		}
		response, err := q.client.Do(request)
		if err != nil {
			return Job{}, fmt.Errorf("poll: %w", err)
		}
		if depth, err := strconv.ParseInt(response.Header.Get("X-Queue-Depth"), 10, 64); err == nil {
			q.waiting.Store(depth)
		}
		if response.StatusCode == http.StatusNoContent {
			response.Body.Close()
			continue
		}
		var job Job
		err = json.NewDecoder(response.Body).Decode(&job)
		response.Body.Close()
		return job, err
	}
}

// Ack removes a finished job.
func (q *BrokerQueue) Ack(job Job) error { return q.post("/queues/payments/ack", job) }

// Retry puts the job back, invisible until the pause is over.
func (q *BrokerQueue) Retry(job Job, after time.Duration) error {
	return q.post("/queues/payments/retry?after="+after.String(), job)
}

// DeadLetter sets the job aside with the reason it could not be done.
func (q *BrokerQueue) DeadLetter(job Job, reason string) error {
	return q.post("/queues/payments-dead", map[string]any{"job": job, "reason": reason})
}

// Publish announces an event about an order.
func (q *BrokerQueue) Publish(kind, orderNumber string) error {
	return q.post("/topics/orders", map[string]string{"kind": kind, "order_number": orderNumber})
}

// Waiting is the depth of the queue at the last poll.
func (q *BrokerQueue) Waiting() int { return int(q.waiting.Load()) }

func (q *BrokerQueue) post(path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	response, err := q.client.Post(q.base+path, "application/json", bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: broker answered %s", path, response.Status)
	}
	return nil
}
