/** The account of the operating system as a principal: what does not fit a name becomes a dash. */
export function accountPerson(account: string): string {
  const name = account
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  return `person:${name.slice(0, 64) || 'operator'}`
}
