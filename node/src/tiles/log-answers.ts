/**
 * What is under `/hansa/log/<n>/`: each log of a kernel by its number, as C2SP tlog-tiles lays it out. Who answers by
 * HTTP is another's concern; the same answers are given by a node and by `hansa audit serve`.
 */
import { logPath } from '@hansa/protocols'
import { CHECKPOINT_PATH, type LogDirectory, logTiles, parseTilePath, type Tile } from '@hansa/trust/ledger'

/** Tiles that are made at the same time; each may read some hundred places of a file. */
const MAX_AT_ONCE = 16
/** Where nothing is cached longer than a checkpoint is the newest. */
const FRESH = 'public, max-age=2'
/** What has been given out once under a path never becomes anything else. */
const FOR_GOOD = 'public, max-age=31536000, immutable'

export type LogAnswer = {
  contentType: string
  cacheControl: string
  body: Uint8Array
  /** Whether it holds entries, which can be compressed; hashes cannot. */
  entries: boolean
}

export type LogAnswersInit = {
  logs: readonly { number: number; directory: LogDirectory }[]
  /** Whether entries are given out, which tell who called what. */
  entries: boolean
}

export interface LogAnswers {
  /**
   * @returns undefined when there is no such thing, `busy` when too much is asked for at the same time.
   * @throws LedgerError `log_corrupt` when what is asked for is not as it was signed
   */
  answer(path: string): Promise<LogAnswer | 'busy' | undefined>
}

export function logAnswers({ logs, entries }: LogAnswersInit): LogAnswers {
  const views = new Map(logs.map(({ number, directory }) => [String(number), logTiles(directory)]))
  let running = 0
  return {
    async answer(path) {
      const [, number = '', rest = ''] = logPath.exec(path) ?? []
      const view = views.get(number)
      const tile = parseTilePath(rest)
      const shown = rest === CHECKPOINT_PATH || (tile !== undefined && (entries || tile.kind === 'hashes'))
      if (view === undefined || !shown) return undefined
      if (running >= MAX_AT_ONCE) return 'busy'
      running++
      try {
        return tile === undefined
          ? checkpointAnswer((await view.checkpoint())?.note)
          : tileAnswer(tile, await view.tile(tile))
      } finally {
        running--
      }
    },
  }
}

function checkpointAnswer(note: string | undefined): LogAnswer | undefined {
  if (note === undefined) return undefined
  const body = Buffer.from(note)
  return { contentType: 'text/plain; charset=utf-8', cacheControl: FRESH, body, entries: false }
}

function tileAnswer({ kind }: Tile, body: Uint8Array | undefined): LogAnswer | undefined {
  if (body === undefined) return undefined
  return { contentType: 'application/octet-stream', cacheControl: FOR_GOOD, body, entries: kind === 'entries' }
}
