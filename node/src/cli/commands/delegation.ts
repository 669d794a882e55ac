import { userInfo } from 'node:os'
import type { HeldChainInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { failed } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import type { Style } from '../print.ts'
import { facts, table, time } from '../table.ts'
import { delegationVerifyCommand } from './delegation-verify.ts'

export function delegationCommand(cli: Cli): Command {
  return cli.group('delegation', 'chains of delegations: list, show, verify, add, remove', [
    listCommand(cli),
    showCommand(cli),
    delegationVerifyCommand(cli),
    addCommand(cli),
    removeCommand(cli),
  ])
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list the chains that this kernel gave, passed on or was given',
      examples: ['hansa delegation list', `hansa delegation list --json | jq '.[] | select(.usable).id'`],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const chains = await ask(home, 'delegations', {})
        print.result(chains, (style) => {
          if (chains.length === 0)
            return 'No chain is held. Give one with: hansa delegate. Take one in with: hansa delegation add FILE'
          const rows = chains.map((chain) => [
            style.name(chain.id.slice(0, 12)),
            stateText(style, chain),
            chain.source === 'issued' ? `to ${fingerprint(chain.audience)}` : `from ${fingerprint(chain.owner)}`,
            chain.cmd,
            String(chain.links.length),
            time(chain.exp),
          ])
          return table(style, ['chain', 'state', 'whose', 'may call', 'links', 'until'], rows)
        })
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show every link of a chain',
      description:
        'Shows every link of a chain that this kernel holds: who gave what to whom, under which predicates and limits, and until when.',
      examples: ['hansa delegation show 3q2xV0bT1mYc', 'hansa delegation show acme.chain --json'],
    })
    .argument('<chain>', 'its id, the first eight characters of it, or a file')
    .action(
      cli.action(async ({ home, print, args: [given] }) => {
        const { ask } = await import('../control-client.ts')
        const { chainId } = await import('../given-chain.ts')
        const { chainText } = await import('../delegation-text.ts')
        const id = await chainId(String(given))
        const found = (await ask(home, 'delegations', {})).filter((chain) => chain.id.startsWith(id))
        const [chain] = found
        if (chain === undefined || found.length > 1)
          throw failed(
            chain === undefined
              ? `No chain ${given} is held here. See: hansa delegation list. A file is looked at with: hansa delegation verify FILE`
              : `${found.length} chains begin with ${given}. Give more of its id.`,
          )
        print.result(chain, (style) => [headText(style, chain), chainText(style, chain.links)].join('\n'))
        return undefined
      }),
    )
}

function addCommand(cli: Cli): Command {
  return cli
    .command('add', {
      summary: 'take in a chain that names this kernel',
      description:
        'Verifies a chain whose last link names this kernel, and keeps it. Calls of the kernel that owns are made under it when it is the only one that covers them, or when they name it: hansa call --delegation. Both kernels have to consent to chains between them: hansa peer add --delegation, or peers[].delegation in hansa.yaml.',
      examples: ['hansa delegation add acme.chain', 'hansa delegation add acme.chain --principal agent:reporter'],
    })
    .argument('<file>', 'as hansa delegate printed it')
    .option('--principal <principal>', 'the one principal of this kernel that may use it (default: each)')
    .action(
      cli.action<{ principal?: string }>(async ({ home, print, options: { principal }, args: [file] }) => {
        const { ask } = await import('../control-client.ts')
        const { linksIn } = await import('../given-chain.ts')
        const chain = (await linksIn(String(file))).join('\n')
        const by = accountPerson(userInfo().username)
        const added = await ask(home, 'delegationAdd', { chain, by, ...(principal !== undefined && { principal }) })
        print.result(added, (style) => headText(style, added))
        return undefined
      }),
    )
}

function removeCommand(cli: Cli): Command {
  return cli
    .command('remove', {
      summary: 'forget a chain here',
      description:
        'Forgets a chain: this kernel no longer acts under it or passes it on. Whoever else has it keeps it; to take a link back for everybody, revoke it.',
      examples: ['hansa delegation remove 3q2xV0bT1mYc'],
    })
    .argument('<chain>', 'its id, the first eight characters of it, or a file')
    .action(
      cli.action(async ({ home, print, args: [given] }) => {
        const { ask } = await import('../control-client.ts')
        const { chainId } = await import('../given-chain.ts')
        const id = await chainId(String(given))
        const removed = await ask(home, 'delegationRemove', { id, by: accountPerson(userInfo().username) })
        print.result(removed, (style) => `Chain ${style.name(removed.id)} is forgotten here.`)
        return undefined
      }),
    )
}

function headText(style: Style, chain: HeldChainInfo): string {
  return facts(style, [
    ['chain', style.name(chain.id)],
    ['state', stateText(style, chain)],
    ['owner', chain.owner],
    ['may act', chain.audience],
    ['for', chain.principal],
    ['until', time(chain.exp)],
  ])
}

function stateText(style: Style, { state, usable, source }: HeldChainInfo): string {
  if (state === 'valid') return style.good(usable ? 'usable' : source === 'issued' ? 'given' : 'valid')
  return state === 'not_yet' ? style.warn('not yet') : style.bad(state)
}
