// SPDX-License-Identifier: Apache-2.0

// Package podview computes what a container sees of its pod: environment, arguments and volume
// files, as a kubelet provides them.
package podview

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Sources provides the objects that environments and volumes refer to. A missing ConfigMap or
// Secret is nil without an error.
type Sources interface {
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	// Token returns a token of the pod's service account, bound to the pod.
	Token(ctx context.Context, pod *corev1.Pod, audience string, seconds int64) (string, error)
}

// Environment returns the container's environment in order. If a name is set twice, the later value
// wins. capacity replaces limits that the container does not set.
func Environment(ctx context.Context, from Sources, pod *corev1.Pod, c *corev1.Container, capacity corev1.ResourceList) (Vars, error) {
	var vars Vars
	for _, f := range c.EnvFrom {
		data, err := envFromSource(ctx, from, pod.Namespace, f)
		if err != nil {
			return nil, fmt.Errorf("resolve the environment of container %s: %w", c.Name, err)
		}
		for _, k := range sortedKeys(data) {
			vars = vars.Set(f.Prefix+k, data[k])
		}
	}
	for _, e := range c.Env {
		value, ok, err := envValue(ctx, from, pod, c, e, vars, capacity)
		if err != nil {
			return nil, fmt.Errorf("resolve environment variable %s of container %s: %w", e.Name, c.Name, err)
		}
		if ok {
			vars = vars.Set(e.Name, value)
		}
	}
	return vars, nil
}

// envValue returns the value of one variable. It returns false if an optional source is missing.
func envValue(
	ctx context.Context, from Sources, pod *corev1.Pod, c *corev1.Container, e corev1.EnvVar, vars Vars, capacity corev1.ResourceList,
) (string, bool, error) {
	switch v := e.ValueFrom; {
	case v == nil:
		return vars.Expand(e.Value), true, nil
	case v.FieldRef != nil:
		s, err := Field(pod, v.FieldRef.FieldPath)
		return s, true, err
	case v.ResourceFieldRef != nil:
		s, err := resourceField(c, v.ResourceFieldRef, capacity)
		return s, true, err
	case v.ConfigMapKeyRef != nil:
		r := v.ConfigMapKeyRef
		data, err := configMap(ctx, from, pod.Namespace, r.Name, r.Optional)
		return lookupKey(data, r.Key, err)
	case v.SecretKeyRef != nil:
		r := v.SecretKeyRef
		data, err := secret(ctx, from, pod.Namespace, r.Name, r.Optional)
		return lookupKey(data, r.Key, err)
	}
	return "", false, fmt.Errorf("unsupported kind of source")
}

func lookupKey(data map[string]string, key string, err error) (string, bool, error) {
	s, ok := data[key]
	return s, ok, err
}

func envFromSource(ctx context.Context, from Sources, namespace string, f corev1.EnvFromSource) (map[string]string, error) {
	if f.ConfigMapRef != nil {
		return configMap(ctx, from, namespace, f.ConfigMapRef.Name, f.ConfigMapRef.Optional)
	}
	if f.SecretRef != nil {
		return secret(ctx, from, namespace, f.SecretRef.Name, f.SecretRef.Optional)
	}
	return nil, nil
}

// Vars is an environment in the form NAME=VALUE.
type Vars []string

// Set sets a variable and replaces an earlier value.
func (v Vars) Set(name, value string) Vars {
	out := v.Without(name)
	return append(out, name+"="+value)
}

// Without returns the environment without one variable.
func (v Vars) Without(name string) Vars {
	out := make(Vars, 0, len(v)+1)
	for _, e := range v {
		if !strings.HasPrefix(e, name+"=") {
			out = append(out, e)
		}
	}
	return out
}

// Get returns the value of a variable, or an empty string.
func (v Vars) Get(name string) string {
	s, _ := v.lookup(name)
	return s
}

func (v Vars) lookup(name string) (string, bool) {
	for _, e := range v {
		if s, ok := strings.CutPrefix(e, name+"="); ok {
			return s, true
		}
	}
	return "", false
}
