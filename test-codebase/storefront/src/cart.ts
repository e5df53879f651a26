/** The basket, kept in the browser until the shopper checks out. */

export interface CartItem {
  sku: string;
  quantity: number;
  addedAt: number;
}

interface StoredCart {
  version: 2;
  items: CartItem[];
}

const STORAGE_KEY = "larkfield.cart";
const MAX_QUANTITY = 99;
const MAX_DISTINCT_ITEMS = 50;
const FORGET_AFTER_MS = 60 * 24 * 60 * 60 * 1000;

export class Cart {
  private constructor(private items: CartItem[]) {}

  /** Read the saved basket; one that cannot be read is thrown away, never a broken page. */
  static load(storage: Storage, now: number): Cart {
    const text = storage.getItem(STORAGE_KEY);
    if (!text) return new Cart([]);
    try {
      const items = migrate(JSON.parse(text)).items;
      return new Cart(items.filter((item) => now - item.addedAt < FORGET_AFTER_MS));
    } catch {
      storage.removeItem(STORAGE_KEY);
      return new Cart([]);
    }
  }

  get contents(): readonly CartItem[] {
    return this.items;
  }

  /** Put more of a product in; quantities add up, and stop at 99. */
  add(sku: string, quantity: number, now: number): void {
    const present = this.items.find((item) => item.sku === sku);
    if (present) {
      present.quantity = Math.min(MAX_QUANTITY, present.quantity + quantity);
      return;
    }
    if (this.items.length >= MAX_DISTINCT_ITEMS) {
      throw new RangeError(`a basket holds ${MAX_DISTINCT_ITEMS} different products at most`);
    }
    this.items.push({ sku, quantity: Math.min(MAX_QUANTITY, quantity), addedAt: now });
  }

  remove(sku: string): void {
    this.items = this.items.filter((item) => item.sku !== sku);
  }

  /**
   * Join in the basket of the account after signing in. The larger quantity wins rather than the
   * sum: most people have the same things in both because they switched device.
   */
  mergeWithAccount(saved: readonly CartItem[]): void {
    for (const theirs of saved) {
      const ours = this.items.find((item) => item.sku === theirs.sku);
      if (ours) ours.quantity = Math.max(ours.quantity, theirs.quantity);
      else if (this.items.length < MAX_DISTINCT_ITEMS) this.items.push({ ...theirs });
    }
  }

  save(storage: Storage): void {
    const stored: StoredCart = { version: 2, items: this.items };
    storage.setItem(STORAGE_KEY, JSON.stringify(stored));
  }
}

/** Version 1 was a plain map of SKU to quantity, without the time of adding. */
function migrate(stored: unknown): StoredCart {
  if (typeof stored !== "object" || stored === null) throw new TypeError("not a cart");
  if ("version" in stored && stored.version === 2) return stored as StoredCart;
  const items = Object.entries(stored as Record<string, number>).map(([sku, quantity]) => ({
    sku,
    quantity,
    addedAt: Date.now(),
  }));
  return { version: 2, items };
}
