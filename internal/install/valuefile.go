// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// ReadValues reads files of Helm values; what stands in a later one wins. It is
// nil without files.
func ReadValues(read func(path string) ([]byte, error), paths []string) (map[string]any, error) {
	var values map[string]any
	for _, path := range paths {
		content, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("read the values file: %w", err)
		}
		documents, err := split(content)
		if err != nil {
			return nil, fmt.Errorf("read the values file %s: %w", path, err)
		}
		for _, d := range documents {
			values = loader.MergeMaps(values, d)
		}
	}
	return values, nil
}
