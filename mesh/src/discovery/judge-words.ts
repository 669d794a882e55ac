/**
 * Whether discovery channels agree about a kernel that nobody here has vouched for (security.md B11): two that are
 * independent of each other have to name the same DID with the same manifest. A channel that names an older manifest says
 * nothing, and neither does one that is silent; two manifests of one number, or two kernels at one place, are a
 * contradiction. Pure.
 */
import type { ChannelWord, Did } from '@hansa/protocols'
import { isLoopbackHost } from '../transport/local-binding.ts'

/** What one channel says. */
export type HeardWord = ChannelWord & {
  did: Did
  seq: number
  hash: string
  /** Another manifest of this number was seen before. */
  contradicts?: true
}

export type WordsVerdict =
  /** Every word for the manifest; two at least are independent. */
  | { ok: true; did: Did; seq: number; hash: string; agreed: HeardWord[] }
  | { ok: false; kind: 'conflict' | 'too_few' /** One sentence for people. */; reason: string }

export function judgeWords(words: readonly HeardWord[]): WordsVerdict {
  const conflict = contradiction(words)
  if (conflict !== undefined) return { ok: false, kind: 'conflict', reason: conflict }
  const newest = words.reduce<HeardWord | undefined>(
    (best, word) => (word.seq > (best?.seq ?? -1) ? word : best),
    undefined,
  )
  if (newest === undefined) return tooFew('no discovery channel names it')
  const { did, seq, hash } = newest
  const agreed = words.filter((word) => word.seq === seq)
  if (agreed.some((one) => agreed.some((other) => areIndependent(one, other))))
    return { ok: true, did, seq, hash, agreed }
  const said = agreed.map(wordText).join(', ')
  const older = words.filter((word) => word.seq < seq).map(wordText)
  const lag = older.length === 0 ? '' : `; ${older.join(', ')} ${older.length === 1 ? 'names' : 'name'} an older one`
  return tooFew(`manifest ${seq} of ${did} is named by ${said} only${lag}`)
}

/** Two kinds of channel, and not one host behind both. All registries count as one: they copy from each other. */
export function areIndependent(one: ChannelWord, other: ChannelWord): boolean {
  if (one.channel === other.channel) return false
  const [host, otherHost] = [hostOf(one.source), hostOf(other.source)]
  return host === undefined || otherHost === undefined || host !== otherHost
}

export function wordText({ channel, source }: ChannelWord): string {
  return channel === 'dht' ? channel : `${channel} ${source}`
}

function contradiction(words: readonly HeardWord[]): string | undefined {
  const second = words.find(({ contradicts }) => contradicts)
  if (second !== undefined)
    return `${wordText(second)} names a manifest of number ${second.seq}, ${second.hash}, and another one of that number was seen before`
  for (const [at, one] of words.entries())
    for (const other of words.slice(at + 1)) {
      if (one.did !== other.did) return `${wordText(one)} names ${one.did}, and ${wordText(other)} names ${other.did}`
      if (one.seq === other.seq && one.hash !== other.hash)
        return `${wordText(one)} and ${wordText(other)} name two manifests of number ${one.seq}: ${one.hash} and ${other.hash}`
    }
  return undefined
}

/** Of one machine, the port tells programs apart. */
function hostOf(source: string): string | undefined {
  const url = URL.parse(source)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  return isLoopbackHost(url.hostname) ? url.host : url.hostname
}

function tooFew(reason: string): WordsVerdict {
  return { ok: false, kind: 'too_few', reason }
}
