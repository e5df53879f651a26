-- Orders, the outbox and idempotency keys. Applied by `psql --single-transaction -f`.

CREATE TABLE orders (
    number      text        PRIMARY KEY CHECK (number ~ '^LG-[0-9A-Z]{4}-[0-9A-Z]{4}$'),
    customer_id text        NOT NULL,
    status      text        NOT NULL,
    placed_at   timestamptz NOT NULL,
    -- What was bought at the price of the day: never joined to the catalogue, which changes.
    lines       jsonb       NOT NULL,
    history     jsonb       NOT NULL DEFAULT '[]',
    version     integer     NOT NULL DEFAULT 1
);

CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC);

CREATE TABLE outbox (
    sequence     bigserial   PRIMARY KEY,
    id           uuid        NOT NULL UNIQUE,
    order_number text        NOT NULL,
    kind         text        NOT NULL,
    data         jsonb       NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    sent_at      timestamptz
);

-- Nearly every row has been sent: index the few that have not.
CREATE INDEX outbox_waiting ON outbox (sequence) WHERE sent_at IS NULL;

CREATE TABLE idempotency_keys (
    customer_id text        NOT NULL,
    key         text        NOT NULL,
    fingerprint char(64)    NOT NULL,
    status      integer,
    body        jsonb,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (customer_id, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
