// Command payment-worker takes payments for placed orders and listens for health checks.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// drainTimeout is less than the 30 s Kubernetes waits between SIGTERM and SIGKILL, so that a
// capture in flight is finished rather than cut off with its outcome unknown.
const drainTimeout = 25 * time.Second

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	secret := os.Getenv("GATEWAY_SECRET")
	if secret == "" {
		log.Error("GATEWAY_SECRET is not set")
		os.Exit(2)
	}
	gateway := NewGateway(getenv("GATEWAY_URL", "https://api.cardgate.example"), secret)
	queue := NewBrokerQueue(getenv("BROKER_URL", "http://broker:4280"))
	worker := &Worker{Queue: queue, Gateway: gateway, Log: log}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	server := &http.Server{Addr: ":8090", Handler: health(worker), ReadHeaderTimeout: 2 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health endpoint stopped", "error", err)
			cancel()
		}
	}()

	worker.Run(stop)
	drain, done := context.WithTimeout(context.Background(), drainTimeout)
	defer done()
	if err := worker.Drain(drain); err != nil {
		log.Error("captures were still running at the end of the drain", "error", err)
	}
	_ = server.Shutdown(drain)
}

// health answers 503 when no job was finished for two minutes although some are waiting: the
// usual sign of a worker stuck on a dead connection.
func health(worker *Worker) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if worker.Stalled(2 * time.Minute) {
			http.Error(w, "stalled", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	return mux
}

func getenv(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
