<?php

declare(strict_types=1);

namespace Larkfield\Webhooks;

/**
 * Receives tracking events from the parcel carrier and passes them on to the order service.
 *
 * The carrier repeats an event until it gets a 2xx, for up to three days, so everything here may
 * happen twice.
 */

const MAX_AGE_SECONDS = 300;
const MAX_BODY_BYTES = 65536;

/** The carrier's codes that change an order; the others are only kept for the tracking page. */
const STATUS_OF_CODE = [
    'COLLECTED' => 'dispatched',
    'DELIVERED' => 'delivered',
    'LEFT_WITH_NEIGHBOUR' => 'delivered',
    'RETURN_TO_SENDER' => 'returned',
];

/**
 * Whether the request was signed by the carrier, and recently.
 *
 * The signature covers the timestamp as well as the body: an old event cannot be sent again with
 * a new date.
 */
function signatureIsValid(string $body, string $timestamp, string $signature, string $secret, int $now): bool
{
    if (!ctype_digit($timestamp) || abs($now - (int) $timestamp) > MAX_AGE_SECONDS) {
        return false;
    }
    $expected = hash_hmac('sha256', $timestamp . '.' . $body, $secret);

    return hash_equals($expected, $signature);
}

/** Remember an event id; false when it was seen before. */
function firstTime(\PDO $database, string $eventId): bool
{
    $insert = $database->prepare('INSERT INTO carrier_events (id) VALUES (?) ON CONFLICT DO NOTHING');
    $insert->execute([$eventId]);

    return $insert->rowCount() === 1;
}

/** Handle one request and return the HTTP status to answer with. */
function handle(string $body, array $headers, string $secret, \PDO $database, callable $notify, int $now): int
{
    if (strlen($body) > MAX_BODY_BYTES) {
        return 413;
    }
    $timestamp = $headers['X-Carrier-Timestamp'] ?? '';
    $signature = $headers['X-Carrier-Signature'] ?? '';
    if (!signatureIsValid($body, $timestamp, $signature, $secret, $now)) {
        return 401;
    }
    $event = json_decode($body, true);
    if (!is_array($event) || !isset($event['id'], $event['code'], $event['reference'])) {
        return 400;
    }
    $database->beginTransaction();
    if (firstTime($database, $event['id']) && isset(STATUS_OF_CODE[$event['code']])) {
        $notify($event['reference'], STATUS_OF_CODE[$event['code']]);
    }
    // Only now: if the order service could not be told, the id is forgotten and the carrier's
    // next attempt gets another chance.
    $database->commit();

    return 204;
}
