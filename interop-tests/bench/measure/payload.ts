/**
 * What every contender carries: about 1 KB of arguments, which come back as about 1 KB of result. Ordinary business
 * records in plain words, so that a firewall has something to read and nothing to remove.
 */
export type Payload = { call: number; customer: string; purpose: string; items: Item[] }
export type Item = { sku: string; title: string; quantity: number; price: number; note: string }

const items: Item[] = [
  [
    'canvas-tarp',
    'Canvas tarpaulin, waxed, green',
    12,
    48.5,
    'Deliver to the north gate before noon, ask for the porter',
  ],
  ['rope-hemp', 'Hemp rope, three strands', 40, 7.25, 'Cut to lengths of ten metres each, ends whipped'],
  ['lantern-oil', 'Oil lantern with spare glass', 6, 31, 'Wrap each one in straw, not in paper as last time'],
  ['barrel-oak', 'Oak barrel, small, with lid', 3, 112.9, 'Return of the empty ones is agreed for the spring'],
  ['sack-jute', 'Jute sack, unprinted, large', 150, 1.8, 'Bundles of twenty-five, tied twice, kept dry'],
  ['tar-pine', 'Pine tar in a sealed tin', 9, 22.4, 'Keep away from the lanterns in transit'],
].map(([sku, title, quantity, price, note]) => ({ sku, title, quantity, price, note }) as Item)

/** @param call makes the bytes of one call differ from those of the next. */
export function payload(call: number): Payload {
  return { call, customer: 'Harbour Supply Company', purpose: 'order.review', items }
}
