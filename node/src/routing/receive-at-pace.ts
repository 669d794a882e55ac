/**
 * An agent that goes on calling a peer that is cut off or looks at no calls, without a pause of its own, is refused later
 * each time: so a loop costs neither the processor nor the log what calls do. A call that waits goes on when the peer is
 * found again meanwhile.
 *
 * A call that may go to another provider is refused at once, and so is one beside which others wait already.
 */
import { Patience, type PatienceSettings } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { pause } from '../pause.ts'

/** Of one principal and one peer. */
const SETTINGS: PatienceSettings = { refusals: 16, perSecond: 1, firstMs: 250, longestMs: 2_000 }
/** Calls of one principal to one peer that wait at the same time. */
const MAX_WAITING = 8
/** Pairs that are watched; the one that was refused longest ago is forgotten. */
const MAX_PAIRS = 1_024

type Receive = (arrived: Arrived) => Promise<Received | Refusal>
type Pair = { patience: Patience; waiting: number }

export function receiveAtPace(receive: Receive, { clock }: { clock: Clock }): Receive {
  const pairs = new LRUCache<string, Pair>({ max: MAX_PAIRS })
  const pairOf = (key: string) => {
    const pair = pairs.get(key) ?? { patience: new Patience(SETTINGS, clock.now()), waiting: 0 }
    pairs.set(key, pair)
    return pair
  }
  return async (arrived) => {
    const received = await receive(arrived)
    const peer = isRefusal(received) ? received.cutOff : undefined
    if (peer === undefined || arrived.caller.kind === 'peer' || arrived.route !== undefined) return received
    const pair = pairOf(`${arrived.caller.principal}\n${peer}`)
    // Half of the time that is left is for the call, if there is to be one.
    const leftMs = (arrived.deadlineMs - clock.now()) / 2
    const waitMs = Math.min(pair.patience.refused(clock.now()), leftMs)
    if (waitMs <= 0 || pair.waiting >= MAX_WAITING) return received
    pair.waiting += 1
    await pause(clock, waitMs, arrived.signal)
    pair.waiting -= 1
    return receive(arrived)
  }
}
