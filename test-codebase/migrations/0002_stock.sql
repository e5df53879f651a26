-- Stock counts and the holds customers have on them while they pay.

CREATE TABLE stock (
    sku        text        PRIMARY KEY CHECK (sku ~ '^[A-Z]{3}-[0-9]{5}$'),
    warehouse  text        NOT NULL DEFAULT 'skipton' CHECK (warehouse IN ('skipton', 'didcot')),
    on_hand    integer     NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now(),
    -- The last line of defence against selling what is not there.
    CONSTRAINT stock_not_negative CHECK (on_hand >= 0)
);

CREATE TABLE stock_reservations (
    order_number text        NOT NULL REFERENCES orders (number),
    sku          text        NOT NULL REFERENCES stock (sku),
    quantity     integer     NOT NULL CHECK (quantity > 0),
    expires_at   timestamptz NOT NULL,
    committed_at timestamptz,
    PRIMARY KEY (order_number, sku)
);

CREATE INDEX stock_reservations_open
    ON stock_reservations (sku, expires_at)
    WHERE committed_at IS NULL;

-- What a shopper may buy right now; the storefront's "only 3 left" comes from here.
CREATE VIEW available_stock AS
SELECT s.sku,
       s.warehouse,
       greatest(0, s.on_hand - 2 - coalesce(sum(r.quantity), 0)) AS available
FROM stock AS s
LEFT JOIN stock_reservations AS r
    ON r.sku = s.sku AND r.committed_at IS NULL AND r.expires_at > now()
GROUP BY s.sku, s.warehouse, s.on_hand;
