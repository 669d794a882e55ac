/**
 * B of the governed call: a kernel in its own process, with its log on the measured disk. Nothing is switched off: rule,
 * token, firewall on the way in and out, begin and outcome entry, signed receipt.
 */
import { createKernel } from '@hansa/node'
import type { CapabilityDefinition, Did } from '@hansa/protocols'
import { answerParent } from '../measure/answer-parent.ts'
import { type Signing, signingOf } from './signing.ts'

const item = {
  type: 'object',
  properties: {
    sku: { type: 'string', maxLength: 64 },
    title: { type: 'string', maxLength: 256 },
    quantity: { type: 'integer', minimum: 1 },
    price: { type: 'number', minimum: 0 },
    note: { type: 'string', maxLength: 1024 },
  },
  required: ['sku', 'title', 'quantity', 'price', 'note'],
  additionalProperties: false,
}

const order = {
  type: 'object',
  properties: {
    call: { type: 'integer', minimum: 0 },
    customer: { type: 'string', maxLength: 256 },
    purpose: { type: 'string', maxLength: 64 },
    items: { type: 'array', items: item, maxItems: 100 },
  },
  required: ['call', 'customer', 'purpose', 'items'],
  additionalProperties: false,
}

const echo: CapabilityDefinition = {
  id: 'bench.echo',
  title: 'Echo',
  description: 'Gives back the order that it is given.',
  safety: 'READ',
  input: order,
  output: order,
  // Above what one machine can do, so that the limits are looked at and none of them refuses.
  limits: { calls_per_minute: 10_000_000, concurrent: 1_000 },
}

/** The same, as something that changes the world: its result is handed out for the acknowledgement. */
const record: CapabilityDefinition = { ...echo, id: 'bench.record', title: 'Record', safety: 'WRITE' }

type ServeInit = { directory: string; signing: Signing; caller: Did; webSocket: boolean }

answerParent({
  async open({ directory, signing, caller, webSocket }: ServeInit) {
    const kernel = await createKernel({
      ...signingOf(signing),
      name: 'bench-b',
      directory,
      webSocket,
      listen: { host: '127.0.0.1', port: 0 },
      allowPrivate: true,
      peers: [{ did: caller, alias: 'org-a' }],
      policy: [{ name: 'bench', text: policy }],
    })
    await kernel.register(echo, (args) => args)
    await kernel.register(record, (args) => args)
    if (kernel.endpoint === undefined) throw new Error('a kernel that serves has an endpoint')
    return kernel.endpoint
  },
})

const policy = `
rules:
  - id: org-a-may-echo
    effect: allow
    subject: peer:org-a
    action: invoke
    resource: bench.*
    obligations: [log]
`
