/** Whether a quorum of witnesses vouches for a log, and for how much of it. */
import type { FaultList } from './fault-list.ts'
import { COSIGNED_FILE } from './log-files.ts'
import type { QuorumReport } from './report.ts'
import type { StoredCheckpoints } from './stored-checkpoints.ts'
import { checkQuorum, type TlogPolicy } from './tlog-policy.ts'

export type QuorumFinding = { quorum?: QuorumReport; incomplete: string[]; unchecked: string[] }

/** @param policy undefined when nobody said which witnesses count. */
export function findQuorum(
  { all, cosigned }: StoredCheckpoints,
  policy: TlogPolicy | undefined,
  faults: FaultList,
): QuorumFinding {
  if (policy === undefined) {
    const witnessed = cosigned === undefined ? '' : ', though the directory holds cosignatures'
    return {
      incomplete: [],
      unchecked: [`No witnesses were named: whether any saw this log was not checked${witnessed}.`],
    }
  }
  if (cosigned === undefined) {
    const quorum = { reached: policy.quorum === undefined, size: 0, cosigned: [] }
    return { quorum, incomplete: quorum.reached ? [] : ['No checkpoint in the directory is cosigned.'], unchecked: [] }
  }
  const { size } = cosigned.head
  const verdict = checkQuorum(cosigned.note, policy)
  if (verdict.fault !== undefined) {
    const text = `a witness did not sign what stands under its name at ${size} entries (${verdict.fault})`
    faults.add({ code: 'checkpoint_forged', file: COSIGNED_FILE, offset: 0, seq: size, text })
  }
  const { reached } = verdict
  const named = verdict.cosigned.map(({ name }) => name).join(', ') || 'none of them'
  const quorum = { reached, size, cosigned: verdict.cosigned }
  if (!reached)
    return {
      quorum,
      incomplete: [`The checkpoint of ${size} entries has no quorum: ${named} cosigned.`],
      unchecked: [],
    }
  const last = all.at(-1)?.head.size ?? 0
  return {
    quorum,
    incomplete: [],
    unchecked: last > size ? [`Entries from ${size} on are under no cosigned checkpoint yet.`] : [],
  }
}
