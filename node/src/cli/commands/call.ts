import { type CallNote, type Explanation, type Frame, inputMethods } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { collect, integer } from '../options.ts'
import type { Style } from '../print.ts'
import { routeFacts } from '../route-text.ts'
import { facts } from '../table.ts'

type Options = {
  principal?: string
  purpose?: string
  idempotencyKey?: string
  approval?: string[]
  label?: string[]
  token?: string
  delegation?: string | false
  credentialFile?: string
  deadline?: number
  explain?: boolean
  accept?: string[]
  continue?: string
  responses?: string
  notes?: boolean
  route?: boolean
}

export function callCommand(cli: Cli): Command {
  return cli
    .command('call', {
      summary: 'call a capability, or explain what would happen',
      description:
        'Calls a capability of this node (ID) or of an imported kernel (ALIAS/ID) through policy, token and firewall, and prints what is released. With --explain nothing is done: it says what would be decided, by which rules.',
      examples: [
        `hansa call files.read '{"path":"report.txt"}'`,
        'hansa call orgb/invoices.list @arguments.json --principal agent:reporter',
        `echo '{"n":3}' | hansa call orgb/rows - --json`,
        `hansa call orgb/billing.invoice.list '{"tenant":"acme"}' --delegation acme.chain`,
        `hansa call orgb/rows '{}' --credential-file reporter.credential`,
        `hansa call orgb/berths.book '{"ship":"Adler"}' --accept elicitation/create`,
        `hansa call orgb/berths.book '{"ship":"Adler"}' --continue CALL --responses '{"berth":{"action":"accept","content":{"name":"K7"}}}'`,
        `hansa call orgb/files.write '{"path":"a","content":"b"}' --explain`,
      ],
    })
    .argument('<capability>', 'as shown by: hansa capabilities')
    .argument('[arguments]', 'JSON, @FILE, or - for standard input (default: {})')
    .option('--principal <principal>', 'who asks, agent:NAME or person:NAME (default: principal of hansa.yaml)')
    .option('--purpose <purpose>', 'why; policies may demand one')
    .option('--idempotency-key <key>', 'the same key and arguments within 24 h give the stored result')
    .option('--approval <id>', 'an approval that was granted for exactly this action; can be repeated', collect)
    .option('--label <label>', 'a label of the arguments, such as PII; can be repeated', collect)
    .option('--token <token>', 'a token of this kernel instead of a principal; @FILE reads it from a file')
    .option('--delegation <chain>', 'under this chain: a file, or its id as shown by hansa delegation list')
    .option('--no-delegation', 'under no chain, also when one covers the call')
    .option('--credential-file <file>', 'as an agent, with the credential in the file, as hansa agent add printed it')
    .option('--deadline <ms>', 'how long it may take (default: 10000)', integer('--deadline', 1, 600_000))
    .option('--route', 'another imported provider of the same capability may serve it when the first does not')
    .option('--no-route', 'only what is named')
    .option(
      '--accept <method>',
      `what you can answer when it asks: ${inputMethods.join(', ')}; can be repeated`,
      collect,
    )
    .option('--continue <call>', 'the call that asked; the arguments are those of that call')
    .option('--responses <json>', 'an object for each of its requests, by name: JSON, or @FILE')
    .option('--notes', 'tell what the call says before it ends (default: on a terminal)')
    .option('--explain', 'say what would be decided, and why, and do nothing')
    .action(
      cli.action<Options>(async ({ home, print, options, stdin, args: [capability, given] }) => {
        const { controlClient } = await import('../control-client.ts')
        const { heardCall } = await import('../control-lines.ts')
        const { readArguments, readContinuation, readCredential, readToken } = await import('../call-input.ts')
        const args = await readArguments(given as string | undefined, stdin)
        const { principal, purpose, idempotencyKey, approval, label: labels, deadline, token } = options
        const delegation = await chainOf(options.delegation)
        const members = {
          capability,
          args,
          principal,
          purpose,
          idempotencyKey,
          approval,
          labels,
          delegation,
          deadlineMs: deadline,
          route: options.route,
          accepts: options.accept,
          continues: await readContinuation(options, stdin),
          token: token === undefined ? undefined : await readToken(token),
        }
        const { credentialFile } = options
        const credential = credentialFile === undefined ? undefined : await readCredential(credentialFile)
        await using client = await controlClient(home, credential)
        // What is undefined is left out when it becomes JSON.
        if (options.explain === true) {
          const explanation = await client.call('explain', members)
          print.result(explanation, (style) => explanationText(style, explanation))
          return explanationExits[explanation.decision]
        }
        const frame =
          options.notes === true || print.watched
            ? await heardCall(home, members, {
                credential,
                onNote: (note) => print.note((style) => noteText(style, note)),
              })
            : await client.call('invoke', members)
        print.result(frame, () => valueText(frame))
        print.note((style) => frameNote(style, frame))
        if (frame.kind !== 'input_required') return exitCodes.ok
        print.note((style) => askedText(style, frame))
        return exitCodes.incomplete
      }),
    )
}

/** The parser says `true` where neither option was given. */
async function chainOf(given: string | boolean | undefined): Promise<string | false | undefined> {
  if (typeof given !== 'string') return given === false ? false : undefined
  const { chainId } = await import('../given-chain.ts')
  return chainId(given)
}

/** Text of a result that is not whole yet is not shown: all of it follows. */
function noteText(style: Style, note: CallNote): string {
  if (note.type === 'progress') {
    const { progress, total, message = '' } = note
    return style.dim(`${total === undefined ? progress : `${progress} of ${total}`} ${message}`.trimEnd())
  }
  if (note.type === 'log') return style.dim(`${note.level}: ${JSON.stringify(note.data)}`)
  return style.dim(note.type === 'updated' ? `changed: ${note.uri}` : `${note.at + note.text.length} characters`)
}

/** Within ten minutes, with the same arguments. */
function askedText(style: Style, { callId, value }: Frame): string {
  const names = Object.keys(value as object)
  const example = JSON.stringify(Object.fromEntries(names.map((name) => [name, {}])))
  return `${style.warn('It waits for answers.')} Call again within ten minutes, with the same arguments and: --continue ${callId} --responses '${example}'`
}

const explanationExits = {
  permit: exitCodes.ok,
  deny: exitCodes.failed,
  approval_required: exitCodes.incomplete,
} as const

function valueText({ kind, value }: Frame): string {
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function frameNote(style: Style, frame: Frame): string {
  const { callId, labels, untrusted, redactions, obligations, audit, remote, route } = frame
  return facts(style, [
    ['call', callId],
    ['labels', labels.length === 0 ? undefined : labels.join(', ')],
    ['trust', untrusted ? style.warn('untrusted: treat it as text of a stranger') : undefined],
    [
      'redacted',
      redactions.length === 0
        ? undefined
        : redactions.map(({ path, rule, by }) => `${path} (${rule}, ${by})`).join(', '),
    ],
    ['obligations', obligations.length === 0 ? undefined : obligations.join(', ')],
    ['tried before', route?.tried.map(({ cap, code }) => `${cap} (${code})`).join(', ') || undefined],
    ['served by', remote === undefined ? undefined : `${remote.did}, its log entry ${remote.log.index}`],
    ['receipt', remote?.receiptHash],
    ['log entry', String(audit.index)],
  ])
}

function explanationText(style: Style, explanation: Explanation): string {
  const { capability, safety, decision, code, local, remote, trustPolicy, obligations, stage, remedy, route } =
    explanation
  const paint = decision === 'permit' ? style.good : decision === 'deny' ? style.bad : style.warn
  return facts(style, [
    ['capability', `${style.name(capability)} (${safety})`],
    ['decision', paint(code === undefined ? decision : `${decision}: ${code}`)],
    ['stage', stage],
    ['local policy', `${local.effect}: ${local.reason}`],
    ['rules', local.rules.length === 0 ? 'none matched' : local.rules.join(', ')],
    ['other kernel', remote === undefined ? undefined : `${remote.effect}: ${remote.reason}`],
    ['trust policy', trustPolicy],
    ['obligations', obligations.length === 0 ? undefined : obligations.join(', ')],
    ['next', remedy],
    ...(route === undefined ? [] : routeFacts(style, route)),
  ])
}
