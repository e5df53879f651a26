-- Products and promotion codes. The catalogue team's import overwrites `products` every night.

CREATE TABLE products (
    sku          text        PRIMARY KEY CHECK (sku ~ '^[A-Z]{3}-[0-9]{5}$'),
    name         text        NOT NULL,
    price_pence  integer     NOT NULL CHECK (price_pence > 0),
    -- Per cent: 20 standard, 5 for energy saving materials, 0 for books and plants for food.
    vat_rate     integer     NOT NULL DEFAULT 20 CHECK (vat_rate IN (0, 5, 20)),
    weight_grams integer     NOT NULL DEFAULT 0,
    category     text        NOT NULL DEFAULT 'general',
    withdrawn_at timestamptz
);

CREATE TABLE promotions (
    code                text        PRIMARY KEY CHECK (code = upper(code)),
    kind                text        NOT NULL CHECK (kind IN ('percent', 'fixed', 'three_for_two')),
    value               integer     NOT NULL DEFAULT 0,
    starts_at           timestamptz,
    ends_at             timestamptz,
    first_order_only    boolean     NOT NULL DEFAULT false,
    minimum_spend_pence integer     NOT NULL DEFAULT 0,
    CHECK (ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at)
);

INSERT INTO promotions (code, kind, value, first_order_only) VALUES ('WELCOME10', 'percent', 10, true);

-- Event ids the carrier webhook has handled.
CREATE TABLE carrier_events (
    id          text        PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);
