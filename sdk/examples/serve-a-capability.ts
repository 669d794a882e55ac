/**
 * Serves a capability from this process, calls it through the node, and checks the answer.
 *
 *   node sdk/examples/serve-a-capability.ts [CONTROL_URL]
 *
 * The policy of the node has to let its default principal `invoke` `local.*`.
 */
import { connect } from '@hansa/sdk'
import { z } from 'zod'

await using kernel = await connect(process.argv[2] ?? process.env.HANSA_CONTROL)

await using registration = await kernel.register(
  {
    id: 'local.count_words',
    title: 'Count words',
    description: 'Counts the words of a text.',
    safety: 'READ',
    input: z.object({ text: z.string().max(10_000) }),
    output: z.object({ words: z.int() }),
  },
  (args) => {
    // The kernel has checked the arguments against the input schema.
    const { text } = args as { text: string }
    return { words: text.split(/\s+/).filter((word) => word !== '').length }
  },
)
console.log(`serving ${registration.capability}`)

const frame = await kernel.invoke('local.count_words', { text: 'the quick brown fox' })
console.log(`answered ${JSON.stringify(frame.value)}, recorded as entry ${frame.audit.index} of ${frame.audit.origin}`)

if (JSON.stringify(frame.value) !== '{"words":4}')
  throw new Error(`expected 4 words, got ${JSON.stringify(frame.value)}`)
