import {
  type CaseAct,
  type CaseView,
  type SanctionDirection,
  type SanctionScope,
  type SanctionTerms,
  sanctionDirections,
  sanctionScopeSchema,
} from '@hansa/protocols'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { AS_HELP, AS_OPTION, actingPerson } from '../acting-person.ts'
import { caseIdOf } from '../case-id.ts'
import { caseTable, caseText } from '../case-text.ts'
import type { Cli, Invocation } from '../cli.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../table.ts'
import { caseProofCommand } from './case-proof.ts'

const ID_HELP = 'as shown by: hansa case list'

export function caseCommand(cli: Cli): Command {
  return cli.group('case', 'look at cases, decide them, hear appeals', [
    openCommand(cli),
    listCommand(cli),
    showCommand(cli),
    triageCommand(cli),
    decideCommand(cli),
    appealCommand(cli),
    closeCommand(cli),
    notifyCommand(cli),
    caseProofCommand(cli),
  ])
}

function openCommand(cli: Cli): Command {
  return cli
    .command('open', {
      summary: 'open a case about a kernel or a principal',
      description:
        'Opens a case. It imposes nothing: another person than the one who opens it decides, after a triage. The subject can read the case and appeal.',
      examples: [
        'hansa case open --subject agent:reporter --evidence 118 119 --reason "read what it was not given" --as person:ana',
      ],
    })
    .requiredOption('--subject <who>', 'DID of a kernel, or agent:NAME or person:NAME of this one')
    .requiredOption('--reason <text>', 'what is held against it; at most 500 characters')
    .option('--evidence <entries...>', 'numbers of entries of the log: hansa audit show', entries, [])
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ subject: string; reason: string; evidence: number[]; as?: string }>(async (invocation) => {
        const { subject, reason, evidence, as } = invocation.options
        const { ask } = await import('../control-client.ts')
        const by = actingPerson(as)
        await show(invocation, await ask(invocation.home, 'openCase', { subject, reason, evidence, by }))
        return undefined
      }),
    )
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list cases, and whose turn it is',
      description: 'Lists cases that are not final; with --all every one.',
      examples: ['hansa case list', "hansa case list --all --json | jq '.[].state'"],
    })
    .option('--all', 'also those that are final')
    .action(
      cli.action<{ all?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const known = await ask(home, 'cases', {})
        const shown = options.all === true ? known : known.filter(({ state }) => state !== 'final')
        const now = Math.floor(systemClock.now() / 1000)
        print.result(shown, (style) => (shown.length === 0 ? 'No case is open.' : caseTable(style, shown, now)))
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show one case: what was done, and whose turn it is',
      examples: ['hansa case show 2f6oYQwqv1mWm1Kc8xLh0g'],
    })
    .argument('<id>', ID_HELP)
    .action(
      cli.action(async (invocation) => {
        const { ask } = await import('../control-client.ts')
        await show(invocation, await ask(invocation.home, 'case', { id: caseIdOf(invocation) }))
        return undefined
      }),
    )
}

function triageCommand(cli: Cli): Command {
  return acting(cli, 'triage', {
    summary: 'take a case up, within a day of its opening',
    description:
      'Takes a case up: it has to be decided within three days. With --interim something holds until then; whoever opened the case cannot impose it.',
    examples: ['hansa case triage 2f6oYQwqv1mWm1Kc8xLh0g --reason "looks real" --interim quarantine --as person:ben'],
  })
    .requiredOption('--reason <text>', 'why; at most 500 characters')
    .addOption(
      new Option('--interim <kind>', 'what holds until the decision, for seven days from the opening at most').choices([
        'quarantine',
        'suspend',
      ]),
    )
    .action(
      act<{ reason: string; interim?: 'quarantine' | 'suspend' }>(cli, ({ reason, interim }) => ({
        type: 'triage',
        reason,
        ...(interim === undefined ? {} : { interim }),
      })),
    )
}

function decideCommand(cli: Cli): Command {
  return acting(cli, 'decide', {
    summary: 'decide a case, or its appeal',
    description:
      'Decides a case with --dismiss or --sanction, and an appeal with --uphold, --modify or --overturn. Whoever opened the case decides neither, and whoever decided it does not hear the appeal. A ban takes two persons who say the same.',
    examples: [
      'hansa case decide 2f6oYQwqv1mWm1Kc8xLh0g --sanction suspend --days 30 --reason "shown by entry 118" --as person:ben',
      'hansa case decide 2f6oYQwqv1mWm1Kc8xLh0g --sanction suspend --days 30 --capability "files.*" --direction inbound --reason "wiped files" --as person:ben',
      'hansa case decide 2f6oYQwqv1mWm1Kc8xLh0g --dismiss --reason "a test" --as person:ben',
      'hansa case decide 2f6oYQwqv1mWm1Kc8xLh0g --modify quarantine --days 5 --reason "too hard" --as person:cy',
    ],
  })
    .requiredOption('--reason <text>', 'why; at most 500 characters. The subject is told')
    .option('--dismiss', 'the case: nothing is held against the subject')
    .addOption(new Option('--sanction <kind>', 'the case: warn, quarantine, suspend or ban').choices(KINDS))
    .option('--uphold', 'the appeal: the decision stands')
    .addOption(new Option('--modify <kind>', 'the appeal: something milder or shorter').choices(KINDS))
    .option('--overturn', 'the appeal: the sanction is lifted')
    .option('--days <n>', 'how long it lasts; a ban without it is for good', days)
    .option('--capability <patterns...>', 'only calls of these: an id, or a prefix such as files.* or orgb/*')
    .option('--agent <principals...>', 'only calls of these: principals behind the kernel, as audit show names them')
    .addOption(
      new Option('--direction <way>', 'only calls to this kernel (inbound), or of it to others (outbound)').choices(
        sanctionDirections,
      ),
    )
    .action(act<DecideOptions>(cli, decisionOf))
}

function appealCommand(cli: Cli): Command {
  return acting(cli, 'appeal', {
    summary: 'appeal for the subject of a case',
    description:
      'Appeals for the subject, within 14 days of the decision. A kernel appeals itself by calling governance.appeal, as ALIAS/governance.appeal from afar; this is for a subject that cannot call, such as one that is kept out for a fork. Whoever decided the case cannot appeal for its subject.',
    examples: ['hansa case appeal 2f6oYQwqv1mWm1Kc8xLh0g --text "the log was restored from a backup" --as person:dee'],
  })
    .requiredOption('--text <text>', 'what the subject says; at most 500 characters')
    .action(act<{ text: string }>(cli, ({ text }) => ({ type: 'appeal', text })))
}

function closeCommand(cli: Cli): Command {
  return acting(cli, 'close', {
    summary: 'close a case that was dismissed, or whose appeal is decided',
    description:
      'Makes a case final before it becomes so by itself. A case with a sanction that can still be appealed cannot be closed. A sanction goes on to its end.',
    examples: ['hansa case close 2f6oYQwqv1mWm1Kc8xLh0g --as person:cy'],
  }).action(act(cli, () => ({ type: 'close' })))
}

function notifyCommand(cli: Cli): Command {
  return cli
    .command('notify', {
      summary: 'tell imported kernels of a sanction on another kernel',
      description:
        'Sends a signed notice of the sanction that is in force, with the proofs of the case, to every imported kernel or to those named. It binds nobody: a proof that convicts by itself is verified there again and has its effect, and anything else opens a case there at most.',
      examples: ['hansa case notify 2f6oYQwqv1mWm1Kc8xLh0g', 'hansa case notify 2f6oYQwqv1mWm1Kc8xLh0g --to orgb orgc'],
    })
    .argument('<id>', ID_HELP)
    .option('--to <aliases...>', 'imported kernels; default: every one but the subject')
    .action(
      cli.action<{ to?: string[] }>(async (invocation) => {
        const { home, print, options } = invocation
        const { ask } = await import('../control-client.ts')
        const to = options.to === undefined ? {} : { to: options.to }
        const told = await ask(home, 'notifyCase', { id: caseIdOf(invocation), ...to })
        print.result(told, (style) => {
          if (told.length === 0) return 'No other kernel is imported, so nobody was told.'
          const rows = told.map(({ alias, peer, delivered, reason }) => [
            style.name(alias),
            peer,
            delivered ? style.good('told') : style.bad(`not told: ${reason ?? ''}`),
          ])
          return table(style, ['alias', 'kernel', 'outcome'], rows)
        })
        return told.every(({ delivered }) => delivered) ? undefined : exitCodes.failed
      }),
    )
}

const KINDS = ['warn', 'quarantine', 'suspend', 'ban'] as const

type DecideOptions = {
  reason: string
  dismiss?: boolean
  sanction?: (typeof KINDS)[number]
  uphold?: boolean
  modify?: (typeof KINDS)[number]
  overturn?: boolean
  days?: number
  capability?: string[]
  agent?: string[]
  direction?: SanctionDirection
}

function decisionOf({ reason, days: lasts, ...said }: DecideOptions): CaseAct {
  const scope = scopeIn(said)
  const { dismiss, sanction, uphold, modify, overturn } = said
  if ([dismiss, sanction, uphold, modify, overturn].filter((one) => one !== undefined).length !== 1)
    throw usage(
      'Decide once: --dismiss or --sanction KIND of a case; --uphold, --modify KIND or --overturn of an appeal.',
    )
  if (sanction !== undefined)
    return { type: 'decide', reason, terms: { verdict: 'sanction', sanction: termsOf(sanction, lasts, scope) } }
  if (modify !== undefined)
    return { type: 'decide_appeal', reason, terms: { outcome: 'modify', sanction: termsOf(modify, lasts, scope) } }
  if (scope !== undefined) throw usage('--capability, --agent and --direction are of a sanction; there is none here.')
  if (lasts !== undefined) throw usage('--days is how long a sanction lasts; there is none here.')
  if (dismiss === true) return { type: 'decide', reason, terms: { verdict: 'dismiss' } }
  return { type: 'decide_appeal', reason, terms: { outcome: uphold === true ? 'uphold' : 'overturn' } }
}

function scopeIn({ capability, agent, direction }: Omit<DecideOptions, 'reason'>): SanctionScope | undefined {
  if (capability === undefined && agent === undefined && direction === undefined) return undefined
  const scope = { capabilities: capability, agents: agent, direction }
  const read = sanctionScopeSchema.safeParse(Object.fromEntries(Object.entries(scope).filter(([, part]) => part)))
  if (read.success) return read.data
  throw usage(`What the sanction is about cannot be read: ${read.error.issues[0]?.message ?? 'it is malformed'}.`)
}

function termsOf(
  kind: (typeof KINDS)[number],
  lasts: number | undefined,
  about: SanctionScope | undefined,
): SanctionTerms {
  const scope = about === undefined ? {} : { scope: about }
  if (kind === 'warn' && about !== undefined) throw usage('A warning leaves every call; leave its scope out.')
  if (kind === 'warn' && lasts !== undefined) throw usage('A warning has no length; leave --days out.')
  if (kind === 'warn') return { kind }
  if (kind === 'ban') return { kind, ...(lasts === undefined ? {} : { days: lasts }), ...scope }
  if (lasts === undefined) throw usage(`Say how long it lasts: --days N. Only a ban can be without an end.`)
  return { kind, days: lasts, ...scope }
}

function acting(cli: Cli, name: string, text: Parameters<Cli['command']>[1]): Command {
  return cli.command(name, text).argument('<id>', ID_HELP).option(AS_OPTION, AS_HELP)
}

function act<Options>(cli: Cli, actOf: (options: Options) => CaseAct) {
  return cli.action<Options & { as?: string }>(async (invocation) => {
    const { home, options } = invocation
    const { ask } = await import('../control-client.ts')
    const asked = { id: caseIdOf(invocation), by: actingPerson(options.as), act: actOf(options) }
    await show(invocation, await ask(home, 'actOnCase', asked))
    return undefined
  })
}

async function show({ print }: Invocation<unknown>, view: CaseView): Promise<void> {
  const { systemClock } = await import('../../system-clock.ts')
  print.result(view, (style) => caseText(style, view, Math.floor(systemClock.now() / 1000)))
}

function entries(text: string, before: number[]): number[] {
  return [...before, count('--evidence', text)]
}

function days(text: string): number {
  return count('--days', text)
}

function count(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError(`${name} takes whole numbers.`)
}
