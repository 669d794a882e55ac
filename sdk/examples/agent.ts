/**
 * An agent: serves `local.reverse` for as long as it runs, and registers it again whenever its node comes back.
 *
 *   HANSA_CONTROL=... HANSA_CREDENTIAL_FILE=... node sdk/examples/agent.ts
 *
 * `hansa agent add` says what both are. It ends when its credential is taken away.
 */
import { setTimeout } from 'node:timers/promises'
import { ConnectError, connect } from '@hansa/sdk'
import { z } from 'zod'

const text = z.object({ text: z.string().max(10_000) })
const definition = { id: 'local.reverse', safety: 'READ' as const, input: text, output: text }

for (;;) {
  try {
    // Disposing of the client leaves the capability listed, unavailable until this program is back.
    await using kernel = await connect()
    const registration = await kernel.register(definition, (args) => {
      const { text } = args as z.infer<typeof definition.input>
      return { text: [...text].reverse().join('') }
    })
    console.log(`serving ${registration.capability} as ${kernel.principal}`)
    const reason = await registration.ended
    console.log(`the connection ended: ${reason?.message}`)
  } catch (error) {
    const waiting = error instanceof ConnectError && ['node_not_running', 'connection_lost'].includes(error.detail.code)
    if (!waiting) throw error
  }
  await setTimeout(200)
}
