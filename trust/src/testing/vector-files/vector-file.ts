/** A vector as it lies in `protocols/vectors`: one JSON file per case, described in the README there. */
export type VectorFile = {
  /** Relative to `protocols/vectors`, such as `token/invalid/expired.json`. */
  path: string
  content: Record<string, unknown>
}

/** Names a file for each case of one folder. @param cases by kebab-case name. */
export function filesOf(folder: string, cases: Record<string, Record<string, unknown>>): VectorFile[] {
  return Object.entries(cases).map(([name, content]) => ({ path: `${folder}/${name}.json`, content }))
}

/** The text of the file. */
export function vectorText({ content }: VectorFile): string {
  return `${JSON.stringify(content, null, 2)}\n`
}
