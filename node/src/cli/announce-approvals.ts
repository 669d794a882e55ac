/** Says on standard error that a request waits for a person: in a line to a person who watches it, else in the structured log. */
import type { ApprovalEvent, EventLogger } from '@hansa/protocols'
import type { Print } from './print.ts'
import { duration } from './table.ts'

export type AnnounceApprovalsInit = {
  events: AsyncIterable<ApprovalEvent>
  home: string
  print: Print
  logger: EventLogger
}

/** @returns when there are no more events. Arguments are never said: whoever reads a log need not know them. */
export async function announceApprovals({ events, home, print, logger }: AnnounceApprovalsInit): Promise<void> {
  for await (const event of events) {
    if (event.type !== 'requested') continue
    const { id, principal, capability, callId, expires } = event.approval
    if (!print.watched) logger.info('approval.waits', { id, principal, capability, call_id: callId })
    else {
      const within = duration(expires - event.at)
      print.note((style) => {
        const asks = `${principal} asks for ${capability}, expires in ${within}.`
        return `${style.warn('approval')} ${style.name(id)} waits: ${asks} See it with: hansa approvals --home ${home}`
      })
    }
  }
}
