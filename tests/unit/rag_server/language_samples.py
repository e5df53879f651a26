"""A small file in each of the languages whose definitions are tested: a warehouse with boxes on shelves."""

KOTLIN = """typealias Sku = String

interface Shelf<T : Any> {
    fun take(sku: Sku): T?
}

enum class Size { SMALL, LARGE }

data class Box(val sku: Sku) {
    val heavy: Boolean
        get() = weigh() > 20

    constructor(size: Size) : this(size.name)

    fun `is full`() = true

    companion object {
        fun empty() = Box("")
    }
}

object Warehouse {
    val sort = { box: Box -> box.sku }
}

fun Box.label(printer: Printer): String = sku
"""

SWIFT = """typealias Sku = String

protocol Shelf {
    associatedtype Item
    func take(_ sku: Sku) -> Item?
}

enum Size { case small, large }

struct Box<T>: Codable {
    var heavy: Bool { weight > 20 }
    init(sku: Sku) { self.sku = sku }
    subscript(i: Int) -> T { items[i] }
    static func == (a: Box, b: Box) -> Bool { true }
}

extension Box: Shelf {
    func take(_ sku: Sku) -> T? {
        nil
    }
}

actor Warehouse {
    deinit {}
}

func restock() {}
"""

SCALA = """type Sku = String

trait Shelf[T] {
  def take(sku: Sku): Option[T]
}

case class Box(sku: Sku) extends Shelf[Sku] {
  def take(sku: Sku) = {
    None
  }
  val label = (printer: Printer) => sku
}

object Box {
  def apply(): Box = Box("")
}

enum Size:
  case Small, Large
  def next: Size = Large

given Ordering[Box] = Ordering.by(_.sku)

given bySize: Ordering[Size] with
  def compare(a: Size, b: Size) = 0

def restock(): Unit =
  ()
"""

DART = """typedef Sku = String;
typedef int Weigh(Box box);

abstract class Shelf<T> {
  Future<T?> take(Sku sku);
}

mixin Labelled on Box {
  void label() {}
}

extension Boxes on List<Box> {
  int get heavy => 1;
}

class Box extends Item {
  final Sku sku;
  Box(this.sku);
  Box.empty() : sku = '';
  factory Box.parse(String text) {
    return Box(text);
  }
  bool operator ==(Object other) => true;
  @override
  Future<void> pack(
    Printer printer,
  ) async {
    printer.run();
  }
}

enum Size { small, large }

void main() {
  runApp(Box.empty());
}
"""

ELIXIR = """defmodule Shop.Warehouse do
  use GenServer
  defstruct [:boxes]

  defmodule Box do
    def label(%{sku: sku}), do: sku
  end

  @doc "Restocks."
  @spec restock(t, integer) :: t
  def restock(shop, count) when count > 0 do
    shop
  end

  def empty?, do: true
  defp sort(boxes), do: boxes
  defmacro audit(block), do: block
  defguard is_heavy(box) when box.weight > 20
  defdelegate fetch(sku), to: Shop.Repo
end

defprotocol Priced do
  def price(item)
end

defimpl Priced, for: Shop.Warehouse do
  def price(_), do: 1
end
"""

SQL = """CREATE SCHEMA shop;
CREATE TABLE IF NOT EXISTS shop.boxes (
  sku text PRIMARY KEY,
  shelf integer REFERENCES shelves (id)
);
CREATE TABLE `Box Sizes` (id int);
CREATE UNIQUE INDEX boxes_by_shelf ON shop.boxes (shelf);
CREATE OR REPLACE VIEW heavy_boxes AS SELECT * FROM shop.boxes WHERE weight > 20;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM shop.boxes;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE OR REPLACE FUNCTION shop.restock(count integer) RETURNS integer AS $$
BEGIN
  RETURN count;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER touch BEFORE UPDATE ON shop.boxes FOR EACH ROW EXECUTE FUNCTION touched();
CREATE SEQUENCE skus;
"""

TERRAFORM = """provider "aws" {
  region = var.region
}
variable "region" {
  type = string
}
locals {
  name = "shop"
}
resource "aws_s3_bucket" "labels" {
  bucket = "labels-${local.name}"
  lifecycle_rule {
    enabled = true
  }
}
data "aws_ami" "ubuntu" {}
module "network" {
  source = "./network"
}
output "arn" {
  value = aws_s3_bucket.labels.arn
}
job "restock" {
  group "workers" {}
}
"""
