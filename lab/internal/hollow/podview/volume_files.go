// SPDX-License-Identifier: Apache-2.0

package podview

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Files returns the files of the container's volumes by their path in the container. Volumes
// without content, such as emptyDir, contribute none. Optional sources that are missing are left
// out.
func Files(ctx context.Context, from Sources, pod *corev1.Pod, c *corev1.Container) (map[string]string, error) {
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = v
	}
	files := map[string]string{}
	for _, m := range c.VolumeMounts {
		content, err := volumeFiles(ctx, from, pod, volumes[m.Name].VolumeSource)
		if err != nil {
			return nil, fmt.Errorf("fill volume %s: %w", m.Name, err)
		}
		for name, text := range content {
			if m.SubPath == "" {
				files[path.Join(m.MountPath, name)] = text
			} else if name == m.SubPath {
				files[m.MountPath] = text
			}
		}
	}
	return files, nil
}

// File returns the content of one file of the container's volumes, or an empty string.
func File(ctx context.Context, from Sources, pod *corev1.Pod, c *corev1.Container, at string) (string, error) {
	filtered := c.DeepCopy()
	filtered.VolumeMounts = slices.DeleteFunc(filtered.VolumeMounts, func(m corev1.VolumeMount) bool {
		return at != m.MountPath && !strings.HasPrefix(at, path.Clean(m.MountPath)+"/")
	})
	files, err := Files(ctx, from, pod, filtered)
	return files[at], err
}

func volumeFiles(ctx context.Context, from Sources, pod *corev1.Pod, v corev1.VolumeSource) (map[string]string, error) {
	switch {
	case v.ConfigMap != nil:
		data, err := configMap(ctx, from, pod.Namespace, v.ConfigMap.Name, v.ConfigMap.Optional)
		return selectItems(data, v.ConfigMap.Items), err
	case v.Secret != nil:
		data, err := secret(ctx, from, pod.Namespace, v.Secret.SecretName, v.Secret.Optional)
		return selectItems(data, v.Secret.Items), err
	case v.DownwardAPI != nil:
		return downwardAPIFiles(pod, v.DownwardAPI.Items)
	case v.Projected != nil:
		return projectedFiles(ctx, from, pod, v.Projected.Sources)
	}
	return nil, nil
}

func projectedFiles(ctx context.Context, from Sources, pod *corev1.Pod, sources []corev1.VolumeProjection) (map[string]string, error) {
	all := map[string]string{}
	for _, s := range sources {
		files, err := projectionFiles(ctx, from, pod, s)
		if err != nil {
			return nil, err
		}
		for k, v := range files {
			all[k] = v
		}
	}
	return all, nil
}

func projectionFiles(ctx context.Context, from Sources, pod *corev1.Pod, s corev1.VolumeProjection) (map[string]string, error) {
	switch {
	case s.ServiceAccountToken != nil:
		seconds := int64(3600)
		if e := s.ServiceAccountToken.ExpirationSeconds; e != nil {
			seconds = *e
		}
		token, err := from.Token(ctx, pod, s.ServiceAccountToken.Audience, seconds)
		return map[string]string{s.ServiceAccountToken.Path: token}, err
	case s.ConfigMap != nil:
		data, err := configMap(ctx, from, pod.Namespace, s.ConfigMap.Name, s.ConfigMap.Optional)
		return selectItems(data, s.ConfigMap.Items), err
	case s.Secret != nil:
		data, err := secret(ctx, from, pod.Namespace, s.Secret.Name, s.Secret.Optional)
		return selectItems(data, s.Secret.Items), err
	case s.DownwardAPI != nil:
		return downwardAPIFiles(pod, s.DownwardAPI.Items)
	}
	return nil, nil
}

func downwardAPIFiles(pod *corev1.Pod, items []corev1.DownwardAPIVolumeFile) (map[string]string, error) {
	files := map[string]string{}
	for _, i := range items {
		if i.FieldRef == nil {
			continue
		}
		text, err := Field(pod, i.FieldRef.FieldPath)
		if err != nil {
			return nil, err
		}
		files[i.Path] = text
	}
	return files, nil
}

// selectItems returns the listed items under their paths, or everything if no items are listed.
func selectItems(data map[string]string, items []corev1.KeyToPath) map[string]string {
	if len(items) == 0 {
		return data
	}
	out := map[string]string{}
	for _, i := range items {
		if text, ok := data[i.Key]; ok {
			out[i.Path] = text
		}
	}
	return out
}
