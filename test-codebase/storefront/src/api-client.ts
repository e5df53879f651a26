/** Calls to the order service from the browser. */

export interface PlacedOrder {
  number: string;
  totalPence: number;
}

export interface BasketLine {
  sku: string;
  quantity: number;
}

/** A refusal the shopper can do something about; `message` is fit to be shown. */
export class OrderRefused extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "OrderRefused";
  }
}

/** The service did not answer in a useful way, after every attempt we are prepared to make. */
export class ServiceUnavailable extends Error {
  override name = "ServiceUnavailable";
}

const TIMEOUT_MS = 8_000;
const READ_ATTEMPTS = 3;
const KEY_IN_SESSION = "larkfield.checkout-key";

export class OrderClient {
  constructor(
    private readonly baseUrl: string,
    private readonly session: Storage = window.sessionStorage,
  ) {}

  /**
   * Buy the basket. Safe to press twice, and safe after a reload: the key that makes the request
   * unique lives in the tab's session and is only dropped once the order is confirmed.
   */
  async checkout(lines: BasketLine[], postcode: string, cardToken: string): Promise<PlacedOrder> {
    const key = this.checkoutKey();
    const response = await this.send("/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify({ lines, postcode, card_token: cardToken }),
    });
    const body = await response.json();
    if (!response.ok) throw new OrderRefused(body.error, explain(body.error));
    this.session.removeItem(KEY_IN_SESSION);
    return { number: body.number, totalPence: body.total_pence };
  }

  /** The current status of an order; reading is harmless, so failures are tried again. */
  async status(orderNumber: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.send(`/orders/${encodeURIComponent(orderNumber)}`, {});
        if (response.ok) return (await response.json()).status;
        if (response.status < 500) throw new OrderRefused("NotFound", "We cannot find that order.");
      } catch (error) {
        if (error instanceof OrderRefused || attempt === READ_ATTEMPTS) throw error;
      }
      if (attempt === READ_ATTEMPTS) throw new ServiceUnavailable("order service");
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    }
  }

  private checkoutKey(): string {
    const kept = this.session.getItem(KEY_IN_SESSION);
    if (kept) return kept;
    const fresh = crypto.randomUUID();
    this.session.setItem(KEY_IN_SESSION, fresh);
    return fresh;
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    return fetch(this.baseUrl + path, {
      ...init,
      credentials: "include",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

/** The sentence a shopper sees for an error code of the order service. */
function explain(code: string): string {
  switch (code) {
    case "OutOfStock":
      return "Somebody was quicker: one of the items has just sold out.";
    case "PromotionRefused":
      return "That code cannot be used with this basket.";
    default:
      return "We could not place your order. You have not been charged.";
  }
}
