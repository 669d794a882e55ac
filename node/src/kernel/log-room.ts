/** What the room of the log means for calls, and when an operator is told. */
import type { Clock, EventLogger } from '@hansa/protocols'
import { type Ledger, LedgerError, type LedgerLimits } from '@hansa/trust/ledger'
import type { KernelInit } from './kernel-components.ts'
import { LOG_FILLS } from './log-fills.ts'
import type { Arrived, Received, Refusal } from './stages.ts'

/** Milliseconds between two looks at a log that cannot keep up. */
const ROOM_PERIOD_MS = 10

/** Parts of its limit at which it is said that a log fills. */
const WARN_AT = [LOG_FILLS, 0.9, 0.95]

export function ledgerLimits({ logReserveBytes, logMaxBytes }: KernelInit): Partial<LedgerLimits> {
  return {
    ...(logReserveBytes === undefined ? {} : { reserveBytes: logReserveBytes }),
    ...(logMaxBytes === undefined ? {} : { maxBytes: logMaxBytes }),
  }
}

/** Resolves when a log that was busy may have room again. */
export async function roomIn(ledger: Ledger, clock: Clock): Promise<void> {
  await ledger.sync()
  await new Promise<void>((resolve) => void clock.after(ROOM_PERIOD_MS, resolve))
}

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

/**
 * Begins no call that the log could not record to its end. What room is left then is for the calls that run, so not even
 * a refusal is written of a new one.
 * @returns throws LedgerError `log_full`
 */
export function receiveWithRoom(receive: Receive, ledger: Pick<Ledger, 'full' | 'room'>): Receive {
  return async (arrived) => {
    if (!ledger.full) return receive(arrived)
    throw logFull(ledger)
  }
}

export function logFull({ room: { maxBytes } }: Pick<Ledger, 'room'>): LedgerError {
  return new LedgerError({ code: 'log_full', ...(maxBytes === undefined ? {} : { maxBytes }) })
}

/** Says when a log has taken so much of its limit, and when it takes no more calls: each once. */
export function logWatch(ledger: Pick<Ledger, 'full' | 'room'>, logger: EventLogger): () => void {
  let warned = 0
  let toldFull = false
  return () => {
    const { bytes, maxBytes, used = 0 } = ledger.room
    if (ledger.full) {
      if (!toldFull) logger.error('log.full', { bytes, max_bytes: maxBytes })
      toldFull = true
      return
    }
    const reached = WARN_AT.filter((part) => used >= part).length
    if (reached > warned) logger.warn('log.fills', { used: Math.floor(used * 100), bytes, max_bytes: maxBytes ?? 0 })
    warned = Math.max(warned, reached)
  }
}
