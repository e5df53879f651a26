// Chooses the boxes an order is sent in.
//
// Packing in the least number of boxes is NP-hard. First fit decreasing is never worse than
// 11/9 of the best plus one box, and the packers move things about by hand anyway.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace larkfield::warehouse {

struct Item {
    std::string sku;
    int litres_tenths;  // volume in tenths of a litre, wrapping included
    int grams;
    bool fragile;
};

struct Box {
    std::string name;
    int litres_tenths;
    int max_grams;
};

// What the carrier accepts without a surcharge; the smallest first.
const std::vector<Box> BOXES = {
    {"letterbox", 25, 2'000},
    {"shoebox", 120, 10'000},
    {"carton", 600, 25'000},
};

// Room left empty in a box for padding when anything in it can break, in per cent.
constexpr int PADDING_PERCENT = 20;

struct Packed {
    std::vector<Item> items;
    int litres_tenths = 0;
    int grams = 0;
    bool fragile = false;

    bool fits(const Item& item, const Box& box) const {
        const bool padded = fragile || item.fragile;
        const int room = padded ? box.litres_tenths * (100 - PADDING_PERCENT) / 100 : box.litres_tenths;
        return litres_tenths + item.litres_tenths <= room && grams + item.grams <= box.max_grams;
    }

    void put(const Item& item) {
        items.push_back(item);
        litres_tenths += item.litres_tenths;
        grams += item.grams;
        fragile = fragile || item.fragile;
    }
};

// Distributes the items over cartons: the largest first, each into the first carton with room.
// Throws std::invalid_argument for an item no carton can take; it has to go by pallet.
std::vector<Packed> pack(std::vector<Item> items) {
    const Box& largest = BOXES.back();
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.litres_tenths > b.litres_tenths; });
    std::vector<Packed> packed;
    for (const Item& item : items) {
        if (!Packed{}.fits(item, largest)) {
            throw std::invalid_argument(item.sku + " does not fit into a carton");
        }
        auto room = std::find_if(packed.begin(), packed.end(),
                                 [&](const Packed& box) { return box.fits(item, largest); });
        if (room == packed.end()) {
            room = packed.emplace(packed.end());
        }
        room->put(item);
    }
    return packed;
}

// The smallest box the packed items still fit into, so that a paperback does not travel in a
// carton full of air.
const Box& smallest_box(const Packed& packed) {
    for (const Box& box : BOXES) {
        if (Packed{{}, packed.litres_tenths, packed.grams, packed.fragile}.fits({"", 0, 0, false}, box)) {
            return box;
        }
    }
    throw std::logic_error("packed more than a carton holds");
}

}  // namespace larkfield::warehouse
