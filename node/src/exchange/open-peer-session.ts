/** Opens a session with a peer for the calls of this kernel, or says why there is none. */
import { type OpenSessionInit, type OwnSide, openSession } from '@hansa/mesh'
import type { Did } from '@hansa/protocols'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { OpenSession } from './peer-sessions.ts'

export type SessionOpenerComponents = Pick<
  OpenSessionInit,
  'transport' | 'signer' | 'resolver' | 'clock' | 'memory' | 'contradicted' | 'revocations'
> & {
  imports: Pick<ImportDesk, 'logKeysOf' | 'renew'>
  /** Why there is no session with a kernel. */
  bars(peer: Did): string | undefined
  own(): Promise<OwnSide>
}

export function sessionOpener({ imports, bars, own, ...handshake }: SessionOpenerComponents): OpenSession {
  return async (peer: Did, endpoint) => {
    const barred = bars(peer)
    if (barred !== undefined) return { refused: 'handshake_failed', reason: barred }
    const session = await openSession({ ...handshake, endpoint, peer, own: await own(), logs: imports.logKeysOf(peer) })
    if (!session.ok) return { refused: session.code, reason: session.reason }
    const { level, reasons } = session.session.facts
    if (level > 0) return session.session
    // Another log than the pinned one, or one that lost what was seen of it: the change table says what becomes of the import.
    await imports.renew(peer)
    return { refused: 'handshake_failed', reason: `nothing is sent to it: ${reasons.join('; ')}` }
  }
}
