/**
 * Makes a call that a person has to approve: asks, waits for the approval, and repeats the call with it. Here the
 * program plays the person too; in life the approval comes from `hansa approve`.
 *
 *   node sdk/examples/handle-approval.ts [CONTROL_URL]
 *
 * The policy of the node has to let its default principal `invoke` `local.*`.
 */
import { CallError, connect } from '@hansa/sdk'

await using kernel = await connect(process.argv[2] ?? process.env.HANSA_CONTROL)

const cleared: string[] = []
const definition = { id: 'local.clear_folder', safety: 'WRITE' as const, obligations: ['human_approval'] }
await using _registration = await kernel.register(definition, (args) => {
  const { folder } = args as { folder: string }
  cleared.push(folder)
  return `cleared ${folder}`
})

const args = { folder: 'drafts' }
const approvalId = await approvalFor(args)
console.log(`approval ${approvalId} is needed`)

const waiting = (await kernel.operator.approvals()).find(({ id }) => id === approvalId)
if (waiting?.args !== JSON.stringify(args)) throw new Error('the approval is not for exactly this action')
await kernel.operator.approve(approvalId, 'person:olga')

const frame = await kernel.invoke('local.clear_folder', args, { approval: approvalId })
console.log(frame.value)

// It was for one action, once.
await refused({ folder: 'everything' })
await refused(args)
if (cleared.join() !== 'drafts') throw new Error(`cleared ${cleared.join()}`)

async function approvalFor(action: object): Promise<string> {
  try {
    await kernel.invoke('local.clear_folder', action)
  } catch (error) {
    if (error instanceof CallError && error.detail.approvalId !== undefined) return error.detail.approvalId
    throw error
  }
  throw new Error('the call was not held back')
}

async function refused(action: object): Promise<void> {
  const outcome = await kernel
    .invoke('local.clear_folder', action, { approval: approvalId })
    .catch((error: unknown) => error)
  if (!(outcome instanceof CallError)) throw new Error(`not refused: ${JSON.stringify(outcome)}`)
  console.log(`${JSON.stringify(action)} is refused: ${outcome.detail.code}`)
}
