// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rerig/rerig/api/v1alpha1"
)

// validateDurations names the field of an invalid duration, which the decoder does
// not.
func validateDurations(body []byte) error {
	var file struct {
		Spec map[string]json.RawMessage `json:"spec"`
	}
	if json.Unmarshal(body, &file) != nil {
		return nil // the strict decoder's error is better
	}
	for _, field := range []string{"readyTimeout", "soak"} {
		raw, ok := file.Spec[field]
		if !ok || string(raw) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return fmt.Errorf("spec.%s: %s is not a duration such as 90s or 10m", field, raw)
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("spec.%s: %q is not a duration such as 90s or 10m", field, text)
		}
		if d < 0 {
			return fmt.Errorf("spec.%s: %s is negative", field, text)
		}
	}
	return nil
}

// validate checks what the types do not.
func validate(m v1alpha1.MeshUpgrade) error {
	switch faults := validation.IsDNS1123Label(m.Spec.Revision); {
	case m.Spec.Revision == "":
		return errors.New("spec.revision: missing; name the revision to move to, such as 1-31-0")
	case len(faults) > 0:
		return fmt.Errorf("spec.revision: %q is not a DNS label: %s", m.Spec.Revision, faults[0])
	case m.Spec.WaveCount < 0:
		return fmt.Errorf("spec.waveCount: %d is negative", m.Spec.WaveCount)
	case m.Spec.MaxParallel < 0:
		return fmt.Errorf("spec.maxParallel: %d is negative", m.Spec.MaxParallel)
	}
	if m.Name != "" {
		if faults := validation.IsDNS1123Subdomain(m.Name); len(faults) > 0 {
			return fmt.Errorf("metadata.name: %q: %s", m.Name, faults[0])
		}
	}
	for n, w := range m.Spec.Waves {
		if len(w.Namespaces) == 0 {
			return fmt.Errorf("spec.waves[%d]: no namespaces are named", n)
		}
	}
	_, err := IntentOf(m)
	return err
}
