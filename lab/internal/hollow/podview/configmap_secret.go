// SPDX-License-Identifier: Apache-2.0

package podview

import (
	"context"
	"fmt"
	"maps"
)

func configMap(ctx context.Context, from Sources, namespace, name string, optional *bool) (map[string]string, error) {
	cm, err := from.ConfigMap(ctx, namespace, name)
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", namespace, name, err)
	}
	if cm == nil {
		return nil, missingError(optional, "ConfigMap", namespace, name)
	}
	data := maps.Clone(cm.Data)
	if data == nil {
		data = map[string]string{}
	}
	for k, b := range cm.BinaryData {
		data[k] = string(b)
	}
	return data, nil
}

func secret(ctx context.Context, from Sources, namespace, name string, optional *bool) (map[string]string, error) {
	s, err := from.Secret(ctx, namespace, name)
	if err != nil {
		return nil, fmt.Errorf("read Secret %s/%s: %w", namespace, name, err)
	}
	if s == nil {
		return nil, missingError(optional, "Secret", namespace, name)
	}
	data := map[string]string{}
	for k, b := range s.Data {
		data[k] = string(b)
	}
	return data, nil
}

func missingError(optional *bool, kind, namespace, name string) error {
	if optional != nil && *optional {
		return nil
	}
	return fmt.Errorf("%s %s/%s not found", kind, namespace, name)
}
