/** The customer register of Bergen, as a function of its node. */
import type { CapabilityDefinition, CapabilityHandler } from '@hansa/protocols'

const customers = [
  {
    id: 'C-1042',
    name: 'Ingrid Solberg',
    city: 'Bergen',
    national_id: '140382 49917',
    email: 'ingrid@solberg-fisk.no',
  },
  {
    id: 'C-1077',
    name: 'Henrik Brandt',
    city: 'Lübeck',
    national_id: '220975 31204',
    email: 'h.brandt@brandt-kontor.de',
  },
  { id: 'C-1103', name: 'Marta Nowak', city: 'Gdańsk', national_id: '030191 50288', email: 'marta.nowak@amber.pl' },
]

const text = { type: 'string' }
const definition: CapabilityDefinition = {
  id: 'crm.customers',
  title: 'Customers',
  description: 'Customers of the harbour, all or those of one city.',
  safety: 'READ',
  sensitivity: ['PII'],
  tags: ['customers'],
  input: { type: 'object', properties: { city: text }, additionalProperties: false },
  output: {
    type: 'object',
    properties: {
      rows: {
        type: 'array',
        items: {
          type: 'object',
          properties: { id: text, name: text, city: text, national_id: text, email: text },
          required: ['id', 'name', 'city', 'national_id', 'email'],
          additionalProperties: false,
        },
      },
    },
    required: ['rows'],
    additionalProperties: false,
  },
}

const handler: CapabilityHandler = (args) => {
  const { city } = args as { city?: string }
  return { rows: city === undefined ? customers : customers.filter((customer) => customer.city === city) }
}

export const capabilities = [{ definition, handler }]
