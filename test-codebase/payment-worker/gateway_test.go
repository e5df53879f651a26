package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func processor(t *testing.T, handler http.HandlerFunc) *Gateway {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return NewGateway(server.URL, "test-secret")
}

func TestDeclinedCardIsNotAnOutage(t *testing.T) {
	gateway := processor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusPaymentRequired)
		_, _ = w.Write([]byte(`{"code": "insufficient_funds"}`))
	})
	err := gateway.Capture(context.Background(), Job{OrderNumber: "LG-TEST-0001", Pence: 100})
	var declined *Declined
	if !errors.As(err, &declined) || declined.Code != "insufficient_funds" {
		t.Fatalf("expected a decline, got %v", err)
	}
}

func TestSecondAttemptDoesNotChargeAgain(t *testing.T) {
	posts := 0
	gateway := processor(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts++
		}
		_, _ = w.Write([]byte(`{"captures": [{"status": "completed"}]}`))
	})
	err := gateway.Capture(context.Background(), Job{OrderNumber: "LG-TEST-0001", Pence: 100, Attempt: 1})
	if err != nil || posts != 0 {
		t.Fatalf("expected no charge, got %d and %v", posts, err)
	}
}
