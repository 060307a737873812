// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
)

// at ties a merge patch to the resource version that was read: the API server
// then refuses it as a conflict when the object has changed since.
func at(patch json.RawMessage, resourceVersion string) ([]byte, error) {
	body := map[string]any{}
	if err := json.Unmarshal(patch, &body); err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	meta, ok := body["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		body["metadata"] = meta
	}
	meta["resourceVersion"] = resourceVersion
	return json.Marshal(body)
}
