// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rerig/rerig/internal/step"
)

// longestLedger bounds what a ledger may unfold to.
const longestLedger = 256 << 20

// pack writes a ledger as gzipped JSON; the same ledger always as the same bytes.
func pack(l step.Ledger) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(l); err != nil {
		return nil, fmt.Errorf("write the ledger: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write the ledger: %w", err)
	}
	return b.Bytes(), nil
}

// ReadLedger reads a MeshUpgrade's status.ledger; none is the ledger of a run
// that has not begun.
func ReadLedger(packed []byte) (step.Ledger, error) {
	var l step.Ledger
	if len(packed) == 0 {
		return l, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return l, fmt.Errorf("read the ledger: %w", err)
	}
	if err := json.NewDecoder(&bounded{io.Reader(z), longestLedger}).Decode(&l); err != nil {
		return l, fmt.Errorf("read the ledger: %w", err)
	}
	return l, nil
}
