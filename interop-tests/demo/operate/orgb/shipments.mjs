/** What Bergen Harbour Office offers: its shipments, from a file of its own beside this one. */
import { readFile, writeFile } from 'node:fs/promises'

const file = new URL('./shipments.json', import.meta.url)
const load = async () => JSON.parse(await readFile(file, 'utf8'))

const number = { type: 'integer', minimum: 1 }
const shipment = {
  type: 'object',
  properties: { number, goods: { type: 'string' }, state: { type: 'string' }, contact: { type: 'string' } },
  required: ['number', 'goods', 'state', 'contact'],
  additionalProperties: false,
}
const input = { type: 'object', properties: { number }, required: ['number'], additionalProperties: false }

async function find(wanted, shipments) {
  const found = shipments.find(({ number }) => number === wanted)
  if (found === undefined) throw new Error(`there is no shipment ${wanted}`)
  return found
}

export const capabilities = [
  {
    definition: {
      id: 'shipments.read',
      description: 'Returns one shipment.',
      safety: 'READ',
      input,
      output: shipment,
    },
    handler: async ({ number }) => find(number, await load()),
  },
  {
    definition: {
      id: 'shipments.release',
      description: 'Releases a pending shipment from the harbour.',
      safety: 'WRITE',
      input,
      output: shipment,
    },
    handler: async ({ number }) => {
      const shipments = await load()
      const found = await find(number, shipments)
      found.state = 'released'
      await writeFile(file, JSON.stringify(shipments, undefined, 2))
      return found
    },
  },
]
