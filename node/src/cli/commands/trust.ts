import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { trustExplainCommand, trustListCommand, trustShowCommand } from './trust-look.ts'
import { trustUnvouchCommand, trustVouchCommand } from './trust-vouch.ts'

export function trustCommand(cli: Cli): Command {
  return cli.group('trust', 'see what other kernels may be trusted with, why, and vouch for them', [
    trustListCommand(cli),
    trustShowCommand(cli),
    trustExplainCommand(cli),
    trustVouchCommand(cli),
    trustUnvouchCommand(cli),
  ])
}
