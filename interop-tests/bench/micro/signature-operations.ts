import {
  didKeyResolver,
  type EnvelopeVerifier,
  envelopeVerifier,
  parseStrictJson,
  prepare,
  signBatch,
  signManifest,
  verifyManifest,
} from '@hansa/trust'
import { aCapability, alice, aManifest, anIntent, bob, NOW } from '@hansa/trust/testing'
import { payload } from '../measure/payload.ts'
import { eventual, immediate, type Operation } from './operation.ts'

const resolver = didKeyResolver()

/** Intents that differ, as those of one turn of the event loop do. */
const intents = (count: number, from = 1) =>
  Array.from({ length: count }, (_, at) => prepare('hansa-intent', anIntent({ ctr: from + at })))

const manifest = aManifest({
  capabilities: Array.from({ length: 10 }, (_, at) => aCapability({ id: `files.read-${at}` })),
})

export const signatureOperations: Operation[] = [
  ...[1, 32].map((size) =>
    immediate(`sign a batch of ${size}`, () => {
      const batch = intents(size)
      return () => signBatch(alice, batch)
    }),
  ),
  ...[1, 32].map((size) =>
    eventual(`verify a batch of ${size}`, () => {
      const batches = [intents(size), intents(size, 100)].map((batch) => signBatch(alice, batch))
      const envelopes = batches.map((batch) => batch.map(({ text }) => Buffer.from(text)))
      // It remembers one signature, and these take turns: each batch is one that it does not know.
      const verifier = envelopeVerifier({ resolver, cacheSize: 1 })
      let turn = 0
      return async () => {
        for (const envelope of envelopes[turn++ % 2] ?? []) await verified(verifier, envelope)
      }
    }),
  ),
  eventual('manifest verify, 10 capabilities', () => {
    const { jws } = signManifest(bob, manifest)
    return async () => {
      if (!(await verifyManifest(jws, { now: NOW, resolver })).ok) throw new Error('a good manifest is refused')
    }
  }),
  immediate('strict JSON parse, 1 KB', () => {
    const bytes = Buffer.from(JSON.stringify(payload(1)))
    return () => {
      if (!parseStrictJson(bytes, 'payload').ok) throw new Error('good JSON is refused')
    }
  }),
]

async function verified(verifier: EnvelopeVerifier, envelope: Buffer): Promise<void> {
  if (!(await verifier.verify('hansa-intent', envelope, alice.did)).ok) throw new Error('a good envelope is refused')
}
