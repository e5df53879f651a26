<?php

declare(strict_types=1);

require __DIR__ . '/carrier.php';

use function Larkfield\Webhooks\handle;

$secret = getenv('CARRIER_SECRET');
if ($secret === false || $secret === '') {
    error_log('CARRIER_SECRET is not set');
    http_response_code(500);
    exit;
}

$database = new PDO(getenv('DATABASE_DSN'), options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);

/** Tell the order service about a new status; throws when it does not answer with a 2xx. */
$notify = static function (string $orderNumber, string $status): void {
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/json',
        'content' => json_encode(['status' => $status], JSON_THROW_ON_ERROR),
        'timeout' => 3,
    ]]);
    $address = getenv('ORDER_SERVICE_URL') . '/internal/orders/' . rawurlencode($orderNumber) . '/status';
    if (file_get_contents($address, false, $context) === false) {
        throw new RuntimeException('the order service did not accept the status');
    }
};

http_response_code(handle(
    (string) file_get_contents('php://input'),
    getallheaders(),
    $secret,
    $database,
    $notify,
    time(),
));
