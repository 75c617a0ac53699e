/** Return the code that brings back what a run had. */
export function restoreCode(runId: string): string {
  return `import trackbook\n\ntrackbook.restore(${JSON.stringify(runId)})`;
}
