// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
)

// unpackedLimit bounds what packed data may unfold to.
const unpackedLimit = 256 << 20

// Pack writes a value as gzipped JSON. The same value gives the same bytes.
func Pack(value any) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(value); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Unpack reads what Pack wrote. It fails where that unfolds to more than
// unpackedLimit bytes.
func Unpack(packed []byte, into any) error {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	limited := &io.LimitedReader{R: z, N: unpackedLimit}
	err = json.NewDecoder(limited).Decode(into)
	if err != nil && limited.N <= 0 {
		return fmt.Errorf("it unfolds to more than %d MiB", unpackedLimit>>20)
	}
	return err
}
