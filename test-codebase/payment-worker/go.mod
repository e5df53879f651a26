module larkfield.example/payment-worker

go 1.22
