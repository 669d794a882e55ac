/** Adapter: whether the keys of configured issuers can be read now, and verify anything. */
import { admitIssuerKeys } from '@hansa/trust'
import type { NodeConfig } from '../config/index.ts'
import { keyReader } from '../issuers/read-issuer-keys.ts'
import { issuersOf } from '../start/issuer-keys.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { configuredAuthorities } from './examine-tls.ts'
import { counted } from './table.ts'

/** Nothing without issuers. */
export async function issuerChecks(config: NodeConfig): Promise<Check[]> {
  const { ca } = await configuredAuthorities(config.tls?.ca)
  const init = issuersOf(config, ca)
  if (init?.fetch === undefined) return []
  const { fetch } = init
  return Promise.all(
    init.issuers.map(async ({ name, kind, keys: place, algorithms }) => {
      const check = `issuer ${name}`
      const reading = await keyReader(place, fetch)()
      if (!reading.ok)
        return fail(check, reading.reason, 'Correct issuers in hansa.yaml, or see to it that the issuer answers.')
      const { keys, refused } = admitIssuerKeys(reading.set, kind === 'spiffe' ? 'jwt-svid' : 'sig', algorithms)
      const reasons = refused.map(({ kid = '(no kid)', reason }) => `${kid}: ${reason}`).join(', ')
      if (keys.size === 0)
        return warn(
          check,
          `no key verifies a token${reasons === '' ? '' : `; ${reasons}`}`,
          `hansa issuer check ${name}`,
        )
      return ok(check, counted(keys.size, 'key'))
    }),
  )
}
