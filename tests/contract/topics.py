"""Questions about test-codebase, each with the file that alone answers it."""

TOPICS = {
    "How many days does a customer have to return a live plant?": "order-service/orders/refunds.py",
    "How many failures in a row open the circuit breaker?": "order-service/orders/circuit.py",
    "For how long is the answer to an idempotency key kept?": "order-service/orders/idempotency.py",
    "Which postcode areas pay a remote surcharge for delivery?": "order-service/orders/pricing.py",
    "Which disposable email domains raise the fraud score?": "order-service/orders/fraud.py",
    "After how many attempts is an outbox event parked?": "order-service/orders/outbox.py",
    "How long is stock reserved while a customer pays?": "order-service/orders/inventory.py",
    "What is the deepest cut in percent a promotion may make?": "order-service/orders/discounts.py",
    "How is the pause between retries of a transient failure computed?": "order-service/orders/retry.py",
    "How is the check digit of an EAN-13 barcode computed?": "warehouse/ean13.c",
    "How does the token bucket rate limiter refill?": "rate-limiter/src/lib.rs",
    "How are items packed into parcels?": "warehouse/packing.cpp",
    "When are basket reminder emails sent?": "mailer/lib/basket_reminder.rb",
    "How is the HMAC signature of a carrier webhook verified?": "webhooks/public/carrier.php",
    "How is a database dump verified after the backup?": "ops/backup.sh",
    "How are invoices exported?": "invoicing/InvoiceExporter.cs",
}
