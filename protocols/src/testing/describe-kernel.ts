/**
 * What every `Kernel` promises to agent code, whether it runs in the agent's process or is a client of a node.
 *
 * `make` is called once for the whole suite and builds this, with real signatures and a real log:
 *
 * - **The kernel under test**, which acts for some principal `agent:NAME` when a call does not name one. Nothing is
 *   registered and nothing imported. Its policy has exactly these rules:
 *     `agent:*` may `invoke` `local.*`, `orgb/*` and `taken/*`;
 *     `agent:*` may `import` everything.
 *   So nothing allows `private.*`, and nothing local allows `unruled/*`.
 * - **`peer`**, another kernel that is reached over HTTP, with addresses that the kernel under test may fetch from. It
 *   serves two capabilities, both READ with default limits, and its policy allows the kernel under test to `invoke` and
 *   `decide` both:
 *     `echo`: input `{ text: string }`, output schema `{ text: string }`, answers its input;
 *     `slow`: input `{}`, no output schema, answers only once its signal aborts.
 * - **`other`**, a third kernel that serves a signed manifest. Nobody calls it.
 *
 * Clocks run. The suite cleans up what it registers and imports, so each test begins with the same kernel.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kernel } from '../kernel/kernel.ts'
import type { Did } from '../syntax/did.ts'
import { describeAdvertising } from './describe-advertising.ts'
import { describeImporting } from './describe-importing.ts'
import { describeInteracting } from './describe-interacting.ts'
import { describeInvoking } from './describe-invoking.ts'

export type KernelFixture = {
  kernel: Kernel
  peer: { manifestUrl: string; did: Did }
  other: { manifestUrl: string; did: Did }
  close(): Promise<void>
}

export function describeKernel(name: string, make: () => Promise<KernelFixture>): void {
  describe(`${name} keeps the contract of a kernel`, () => {
    let fixture: KernelFixture | undefined
    beforeAll(async () => {
      fixture = await make()
    })
    afterAll(() => fixture?.close())
    const made = (): KernelFixture => {
      if (fixture === undefined) throw new Error('the fixture was not made')
      return fixture
    }

    it('has an identity', () => {
      expect(made().kernel.did).toMatch(/^did:[a-z0-9]+:/)
      expect(made().kernel.did).not.toBe(made().peer.did)
    })

    describeInvoking(made)
    describeInteracting(made)
    describeAdvertising(made)
    describeImporting(made)
  })
}
