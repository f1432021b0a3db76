// The filter of PNG that predicts a byte best (Paeth, 1991).

/** Of the bytes on the left, above, and above on the left: the one that is nearest to left + up − corner. */
export function paeth(left: number, up: number, corner: number): number {
  const [dLeft, dUp, dCorner] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  if (dLeft <= dUp && dLeft <= dCorner) return left;
  return dUp <= dCorner ? up : corner;
}
