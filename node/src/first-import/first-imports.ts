/**
 * First imports that no operator says yes to: every discovery channel is asked for the kernel by itself, and two that are
 * independent of each other have to name the same manifest (security.md B11, docs/decisions/0059). What is imported so may
 * be called as far as rules permit it; the import itself permits nothing.
 */
import { fetchNamed, type Heard, type HearWordsComponents, hearWords, judgeWords, wordText } from '@hansa/mesh'
import {
  type AgreedImport,
  CallError,
  type ChannelWord,
  type Clock,
  type Code,
  type Did,
  type EntryDraft,
  type EventLogger,
  type FirstImportRule,
  type ImportAgreed,
  type PeerAlias,
  type SignedManifest,
} from '@hansa/protocols'
import { RateWindow } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { PeerDesk } from '../kernel/peer-desk.ts'

/** Kernels that are imported without an operator, at most: each is asked for its manifest twice an hour. */
export const MAX_WITHOUT_OPERATOR = 64
/** How often the channels are asked, a minute. */
const PER_MINUTE = 10

/** Who asks. An operator may say more: a place to look, a name, a trust policy. */
export type AgreedImporter = { actor: string; isOperator: boolean }

export type FirstImportsInit = {
  /** @default 'two_channels' */
  rule?: FirstImportRule | undefined
  /** Base URLs of the registries that are asked. @default none */
  registryUrls?: readonly string[] | undefined
}

export type FirstImportsComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  imports: Pick<ImportDesk, 'add' | 'aliasesOf'>
  peers: Pick<PeerDesk, 'aliasFor' | 'list'>
  channels: HearWordsComponents
  append(draft: EntryDraft): Appended
  /** Why nothing is exchanged with a kernel. */
  bars(peer: Did): string | undefined
  /** Two manifests of one number, as they were signed. */
  equivocated(peer: Did, manifests: readonly [string, string]): void
}

export class FirstImports {
  readonly #c: FirstImportsComponents
  readonly #init: FirstImportsInit
  readonly #asked = new RateWindow()

  constructor(components: FirstImportsComponents, init: FirstImportsInit = {}) {
    this.#c = components
    this.#init = init
  }

  /** @throws CallError as `Kernel.importAgreed` says; `rate_limited` and `busy` when too much was asked for. */
  async import(init: ImportAgreed, { actor, isOperator }: AgreedImporter): Promise<AgreedImport> {
    const by = { actor: init.by ?? actor, isOperator }
    this.#check(init, isOperator)
    const { channels, imports, peers } = this.#c
    const { did, url, as, capabilities, trustPolicy } = init
    const heard = await hearWords(channels, { did, url, registryUrls: this.#init.registryUrls ?? [] })
    const verdict = judgeWords(heard.map(({ word }) => word))
    if (!verdict.ok && verdict.kind === 'conflict') throw await this.#conflict(heard, verdict.reason, by)
    if (!verdict.ok) throw refused('not_found', lacking(verdict.reason, init))
    this.#checkKernel(verdict.did)
    const signed = await fetchNamed(channels, verdict, heard)
    if (signed === undefined)
      throw refused('not_found', `two channels name manifest ${verdict.seq} of ${verdict.did}, and nobody shows it`)
    const alias = aliasOf(peers, signed, as, by)
    const words: ChannelWord[] = verdict.agreed.slice(0, 32).map(({ channel, source }) => ({ channel, source }))
    const asked = {
      manifest: signed,
      as: alias,
      ...(capabilities && { capabilities }),
      ...(trustPolicy && { trustPolicy }),
    }
    const imported = await imports.add(asked, { words, actor: by.actor })
    const said = words.map(wordText).join(', ')
    this.#c.logger.info('import.agreed', { peer: verdict.did, alias: imported.alias, channels: said })
    return Object.assign(imported, { agreed: words })
  }

  #check({ did, url, trustPolicy, by }: ImportAgreed, isOperator: boolean): void {
    if (this.#init.rule === 'operator')
      throw refused(
        'policy_denied',
        'the configuration leaves first imports to an operator (first_import): hansa import',
      )
    if (!isOperator && [url, trustPolicy, by].some((said) => said !== undefined))
      throw refused(
        'policy_denied',
        'a place and a trust policy are for an operator to say; name the kernel by its DID',
      )
    if (did === undefined && url === undefined) throw refused('invalid_request', 'name the kernel by its DID')
    if (did !== undefined) this.#checkKernel(did)
    if (!this.#asked.admit('*', PER_MINUTE, 60, this.#c.clock.now()))
      throw refused('rate_limited', `the channels are asked ${PER_MINUTE} times a minute at most; try again later`)
  }

  #checkKernel(did: Did): void {
    const { self, bars, imports, peers } = this.#c
    if (did === self) throw refused('invalid_request', 'a kernel does not import itself')
    const barred = bars(did)
    if (barred !== undefined) throw refused('policy_denied', barred)
    const [alias] = imports.aliasesOf(did)
    if (alias !== undefined) throw refused('invalid_request', `it is imported already, as ${alias}`)
    if (peers.list().filter(({ source }) => source === 'import').length >= MAX_WITHOUT_OPERATOR)
      throw refused('busy', `${MAX_WITHOUT_OPERATOR} kernels are imported that no operator has added; remove one first`)
  }

  /** Into the log, with what each channel says; a kernel that signed both convicts itself. */
  async #conflict(heard: readonly Heard[], reason: string, { actor }: AgreedImporter): Promise<CallError> {
    const { append, logger, equivocated } = this.#c
    const [first] = heard
    const peer = first?.word.did
    if (peer !== undefined) {
      logger.warn('discovery.conflict', { peer, reason })
      const ext = { reason: reason.slice(0, 1024), source: sourcesOf(heard) }
      // The refusal stands whether or not the log takes another entry; a full log is told of elsewhere.
      await append({ type: 'discovery.conflict', actor, peer, ext }).durable.catch(() => {})
      const twice = signedTwice(heard)
      if (twice !== undefined) equivocated(twice[0].manifest.kernel_id, [twice[0].jws, twice[1].jws])
    }
    return refused('descriptor_mismatch', `${reason}; nothing was imported, and it is left to an operator`)
  }
}

function signedTwice(heard: readonly Heard[]): readonly [SignedManifest, SignedManifest] | undefined {
  const shown = heard.flatMap(({ signed }) => signed ?? [])
  for (const [at, one] of shown.entries()) {
    const same = ({ manifest }: SignedManifest) =>
      manifest.kernel_id === one.manifest.kernel_id && manifest.seq === one.manifest.seq
    const other = shown.slice(at + 1).find((next) => same(next) && next.hash !== one.hash)
    if (other !== undefined) return [one, other]
  }
  return undefined
}

function sourcesOf(heard: readonly Heard[]): string {
  return heard
    .map(({ word }) => wordText(word))
    .join(', ')
    .slice(0, 512)
}

/** A name that nobody here has chosen must not be one that rules speak of already. */
function aliasOf(
  peers: FirstImportsComponents['peers'],
  { manifest }: SignedManifest,
  as: PeerAlias | undefined,
  { isOperator }: AgreedImporter,
): PeerAlias {
  return peers.aliasFor(manifest, { as, mayMeanRules: isOperator && as !== undefined })
}

function lacking(reason: string, { did, url }: ImportAgreed): string {
  const target = url ?? did ?? ''
  return `no two independent channels agree: ${reason}. An operator can compare its fingerprint and import it: hansa import ${target}`
}

function refused(code: Exclude<Code, 'approval_required'>, reason: string): CallError {
  return new CallError({ code }, `${code}: ${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`)
}
