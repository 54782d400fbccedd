"""Make the files that ``bifrost demo`` publishes: a toy robot in two versions, its textures, a rendered shot.

This needs Blender as a Python module and is run by hand, never by the tests::

    python3.11 -m venv blender-venv
    blender-venv/bin/pip install bpy==4.5.15
    blender-venv/bin/python docs/demo/make_demo_files.py cli/bifrost_cli/demo/files

Everything is drawn by this script (shapes, textures, light, camera), so the result is Bifrost's own work and CC0.
"""

from __future__ import annotations

import math
import os
import re
import struct
import sys
import tempfile
import zlib
from pathlib import Path

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="bifrost-demo-blender-"))

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

UNIT = 0.1  # the robot is drawn 3 units high and stands 0.3 m high: the size of a toy
SIZE = 512
FRAMES = range(1001, 1013)

# Where each paint lies in the textures, in pixels from the upper left corner: left, top, width, height.
REGIONS = {
    "enamel": (0, 0, 256, 256),
    "panel": (256, 0, 256, 256),
    "face": (0, 256, 256, 128),
    "coral": (256, 256, 128, 128),
    "ivory": (384, 256, 128, 128),
    "steel": (0, 384, 128, 128),
    "dark": (128, 384, 128, 128),
    "brass": (256, 384, 128, 128),
    "wood": (384, 384, 128, 128),
}
COLORS = {
    "enamel": (38, 132, 138),
    "panel": (232, 220, 192),
    "face": (22, 30, 38),
    "coral": (226, 88, 58),
    "ivory": (236, 226, 202),
    "steel": (176, 180, 184),
    "dark": (44, 48, 54),
    "brass": (214, 168, 84),
    "wood": (206, 160, 108),
}
ROUGHNESS = {
    "enamel": 78,
    "panel": 120,
    "face": 34,
    "coral": 84,
    "ivory": 92,
    "steel": 70,
    "dark": 150,
    "brass": 66,
    "wood": 140,
}


# --- textures -------------------------------------------------------------------------------------------------


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Return soft noise in 0..1 that repeats at its edges."""
    grid = rng.random((cells, cells))
    grid = np.pad(grid, ((0, 1), (0, 1)), mode="wrap")
    at = np.linspace(0, cells, size, endpoint=False)
    low = at.astype(int)
    part = at - low
    part = part * part * (3 - 2 * part)
    rows = grid[low][:, low] * (1 - part) + grid[low][:, low + 1] * part
    below = grid[low + 1][:, low] * (1 - part) + grid[low + 1][:, low + 1] * part
    return rows * (1 - part[:, None]) + below * part[:, None]


def disc(center: tuple[float, float], radius: float, softness: float = 1.0) -> np.ndarray:
    """Return a mask of a soft-edged disc."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    distance = np.hypot(x - center[0], y - center[1])
    return np.clip((radius - distance) / softness + 0.5, 0, 1)


def rectangle(left: float, top: float, width: float, height: float, radius: float = 0.0) -> np.ndarray:
    """Return a mask of a rectangle with round corners."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    dx = np.abs(x + 0.5 - (left + width / 2)) - (width / 2 - radius)
    dy = np.abs(y + 0.5 - (top + height / 2)) - (height / 2 - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return np.clip(0.5 - outside, 0, 1)


def line(start: tuple[float, float], end: tuple[float, float], width: float) -> np.ndarray:
    """Return a mask of a stroke."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    ax, ay = start
    bx, by = end[0] - ax, end[1] - ay
    along = np.clip(((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by), 0, 1)
    distance = np.hypot(x - ax - along * bx, y - ay - along * by)
    return np.clip(width / 2 - distance + 0.5, 0, 1)


class Sheet:
    """The two textures while they are painted."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(1977)
        self.color = np.zeros((SIZE, SIZE, 3))
        self.rough = np.zeros((SIZE, SIZE))

    def paint(self, mask: np.ndarray, color: tuple[int, int, int], rough: float | None = None) -> None:
        """Lay a colour, and a roughness if given, over what is there."""
        self.color += mask[..., None] * (np.array(color, float) - self.color)
        if rough is not None:
            self.rough += mask * (rough - self.rough)

    def base_coats(self) -> None:
        """Fill every region with its paint, a little uneven as paint is."""
        noise = smooth_noise(self.rng, SIZE, 16) * 0.6 + smooth_noise(self.rng, SIZE, 48) * 0.4 - 0.5
        for name, (left, top, width, height) in REGIONS.items():
            area = (slice(top, top + height), slice(left, left + width))
            self.color[area] = np.array(COLORS[name], float) * (1 + 0.09 * noise[area][..., None])
            self.rough[area] = ROUGHNESS[name] + 34 * noise[area]
        left, top, width, height = REGIONS["wood"]
        y, x = np.mgrid[0:height, 0:width]
        rings = np.sin((y + 14 * smooth_noise(self.rng, width, 4)) * 0.42) * 0.5 + 0.5
        self.color[top : top + height, left : left + width] *= (1 - 0.16 * rings)[..., None]
        del x

    def scratches(self, region: str, count: int) -> None:
        """Scratch a paint: light hair lines, and chips that show the metal."""
        left, top, width, height = REGIONS[region]
        inside = rectangle(left, top, width, height)
        for _ in range(count):
            x, y = left + self.rng.random() * width, top + self.rng.random() * height
            angle, length = self.rng.random() * math.pi, 6 + 26 * self.rng.random()
            stroke = line((x, y), (x + math.cos(angle) * length, y + math.sin(angle) * length), 0.8)
            self.paint(stroke * inside * 0.35, (225, 228, 226), 150)
        for _ in range(count // 3):
            x, y = left + self.rng.random() * width, top + self.rng.random() * height
            chip = np.clip(disc((x, y), 1 + 2 * self.rng.random()) * inside, 0, 1)
            self.paint(chip * 0.8, (150, 146, 138), 90)

    def chest(self) -> None:
        """Draw the chest: a frame with rivets, a dial, three lamps, a grille and the number."""
        ink = (48, 52, 58)
        self.paint(rectangle(264, 8, 240, 240, 18) - rectangle(269, 13, 230, 230, 14), (150, 138, 112), 110)
        for x in (280, 488):
            for y in (24, 232):
                self.paint(disc((x, y), 6), (140, 132, 116), 70)
                self.paint(disc((x - 1.5, y - 1.5), 2.5), (226, 220, 204), 60)
        self.dial((340, 86), 52, ink)
        for index, color in enumerate(((226, 88, 58), (236, 178, 60), (52, 148, 140))):
            center = (438, 52 + 38 * index)
            self.paint(disc(center, 15), ink, 110)
            self.paint(disc(center, 11.5), color, 40)
            self.paint(disc((center[0] - 4, center[1] - 4), 3.5), (255, 246, 226), 30)
        for index in range(5):
            self.paint(rectangle(296, 162 + 13 * index, 92, 6, 3), ink, 150)
        self.number(416, 164, ink)

    def dial(self, center: tuple[float, float], radius: float, ink: tuple[int, int, int]) -> None:
        """Draw a gauge with marks and a needle."""
        cx, cy = center
        self.paint(disc(center, radius), ink, 110)
        self.paint(disc(center, radius - 5), (250, 244, 228), 40)
        for step in range(9):
            angle = math.radians(205 - step * 29)
            outer = (cx + math.cos(angle) * (radius - 10), cy - math.sin(angle) * (radius - 10))
            inner = (cx + math.cos(angle) * (radius - 18), cy - math.sin(angle) * (radius - 18))
            self.paint(line(inner, outer, 3.0), (200, 60, 40) if step > 6 else ink)
        needle = math.radians(62)
        tip = (cx + math.cos(needle) * (radius - 16), cy - math.sin(needle) * (radius - 16))
        self.paint(line(center, tip, 4.0), (216, 74, 46))
        self.paint(disc(center, 7), ink)

    def number(self, left: float, top: float, ink: tuple[int, int, int]) -> None:
        """Draw “07” as a stencil."""
        self.paint(rectangle(left, top, 30, 58, 13) - rectangle(left + 9, top + 9, 12, 40, 6), ink, 140)
        self.paint(rectangle(left + 38, top, 32, 9, 2), ink, 140)
        self.paint(line((left + 65, top + 4), (left + 49, top + 54), 9.5), ink, 140)

    def face(self) -> None:
        """Draw the screen of the face: a rim, scan lines and a smile."""
        left, top, width, height = REGIONS["face"]
        self.paint(rectangle(left, top, width, height) - rectangle(left + 8, top + 8, width - 16, height - 16, 22),
                   (92, 98, 104), 60)  # fmt: skip
        for y in range(top + 12, top + height - 10, 6):
            self.paint(rectangle(left + 12, y, width - 24, 2) * 0.35, (38, 56, 66))
        y, x = np.mgrid[0:SIZE, 0:SIZE]
        ring = np.hypot(x - (left + 128), y - (top + 66))
        smile = np.clip(3.2 - np.abs(ring - 38), 0, 1) * (y > top + 84)
        self.paint(smile, (120, 232, 214), 40)

    def write(self, folder: Path) -> None:
        """Save both as PNG."""
        folder.mkdir(parents=True, exist_ok=True)
        color = np.clip(np.round(self.color), 0, 255).astype(np.uint8)
        rough = np.clip(np.round(self.rough), 0, 255).astype(np.uint8)
        write_png(folder / "robot_color.png", color)
        write_png(folder / "robot_roughness.png", rough)


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write 8 bit grey or RGB pixels; every row with the Paeth filter, which suits soft pictures."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = pixels.reshape(pixels.shape[0], -1).astype(np.int16)
    left = np.pad(rows, ((0, 0), (channels, 0)))[:, : rows.shape[1]]
    up = np.pad(rows, ((1, 0), (0, 0)))[:-1]
    corner = np.pad(left, ((1, 0), (0, 0)))[:-1]
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    best = np.where((to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner))
    filtered = ((rows - best) % 256).astype(np.uint8)
    data = b"".join(b"\x04" + row.tobytes() for row in filtered)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    )


def paint_textures(folder: Path) -> None:
    """Paint and save the textures of the robot."""
    sheet = Sheet()
    sheet.base_coats()
    sheet.scratches("enamel", 60)
    sheet.scratches("coral", 14)
    sheet.scratches("ivory", 10)
    sheet.scratches("steel", 20)
    sheet.chest()
    sheet.face()
    sheet.scratches("panel", 12)
    sheet.write(folder)


# --- the model ------------------------------------------------------------------------------------------------


def material(name: str, textures: Path, *, metallic: float = 0.0) -> bpy.types.Material:
    """Return a material with both textures."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Metallic"].default_value = metallic
    for image_name, socket in (("robot_color.png", "Base Color"), ("robot_roughness.png", "Roughness")):
        image = bpy.data.images.load(str(textures / image_name), check_existing=True)
        if socket == "Roughness":
            image.colorspace_settings.name = "Non-Color"
        node = nodes.new("ShaderNodeTexImage")
        node.image = image
        links.new(node.outputs["Color"], shader.inputs[socket])
    return made


def glow(name: str, color: tuple[float, float, float], strength: float) -> bpy.types.Material:
    """Return a material that shines by itself."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1)
    shader.inputs["Emission Color"].default_value = (*color, 1)
    shader.inputs["Emission Strength"].default_value = strength
    return made


class Part:
    """A mesh built from simple bodies, each painted from one region of the textures."""

    def __init__(self, name: str, pivot: tuple[float, float, float], materials: dict[str, bpy.types.Material]) -> None:
        self.name, self.pivot, self.materials = name, Vector(pivot), materials
        self.pieces: list[bpy.types.Object] = []

    def _finish(self, region: str, material_name: str, *, front: bool, bevel: float, segments: int) -> None:
        piece = bpy.context.object
        bpy.ops.object.transform_apply(location=False, rotation=True, scale=True)
        if bevel:
            modifier = piece.modifiers.new("Bevel", "BEVEL")
            modifier.width, modifier.segments, modifier.limit_method = bevel, segments, "ANGLE"
            bpy.ops.object.modifier_apply(modifier="Bevel")
        bpy.ops.object.shade_smooth()
        piece.data.set_sharp_from_angle(angle=math.radians(45))
        lay_out(piece.data, region, front=front)
        piece.data.materials.append(self.materials[material_name])
        self.pieces.append(piece)

    def box(self, at, size, region, *, bevel=0.06, front=False, material="paint", rotation=(0, 0, 0)) -> Part:
        """Add a box with round edges."""
        bpy.ops.mesh.primitive_cube_add(size=1, location=at, rotation=rotation)
        bpy.context.object.scale = size
        self._finish(region, material, front=front, bevel=bevel, segments=2)
        return self

    def rod(self, at, radius, length, region, *, axis="Z", material="paint", bevel=0.0, sides=18) -> Part:
        """Add a cylinder."""
        rotation = {"X": (0, math.pi / 2, 0), "Y": (math.pi / 2, 0, 0), "Z": (0, 0, 0)}[axis]
        bpy.ops.mesh.primitive_cylinder_add(vertices=sides, radius=radius, depth=length, location=at, rotation=rotation)
        self._finish(region, material, front=False, bevel=bevel, segments=1)
        return self

    def ball(self, at, radius, region, *, material="paint", scale=(1, 1, 1)) -> Part:
        """Add a sphere."""
        bpy.ops.mesh.primitive_uv_sphere_add(segments=14, ring_count=8, radius=radius, location=at)
        bpy.context.object.scale = scale
        self._finish(region, material, front=False, bevel=0, segments=1)
        return self

    def bellows(self, at, radius, length, folds, region) -> Part:
        """Add a ribbed hose that stands on ``at``."""
        profile = [(radius * (1.0, 1.34)[step % 2], length * step / (2 * folds)) for step in range(2 * folds + 1)]
        sides = 14
        angles = [2 * math.pi * side / sides for side in range(sides)]
        points = [(r * math.cos(angle), r * math.sin(angle), z) for r, z in profile for angle in angles]
        return self._from_points(at, points, grid_faces(len(profile), sides, across_closed=True), region, "metal")

    def hook(self, at, radius, thickness, region) -> Part:
        """Add a gripper: three quarters of a ring around Y, open at the bottom."""
        stops, across = 13, 8
        points = []
        for stop in range(stops):
            angle = math.radians(-45 + 270 * stop / (stops - 1))
            for step in range(across):
                turned = 2 * math.pi * step / across
                out = radius + thickness * math.cos(turned)
                points.append((out * math.cos(angle), thickness * 1.3 * math.sin(turned), out * math.sin(angle)))
        faces = grid_faces(stops, across, across_closed=True)
        faces += [tuple(range(across)), tuple(range(stops * across - 1, (stops - 1) * across - 1, -1))]
        return self._from_points(at, points, faces, region, "paint")

    def _from_points(self, at, points, faces, region: str, material_name: str) -> Part:
        mesh = bpy.data.meshes.new("piece")
        mesh.from_pydata(points, [], faces)
        mesh.uv_layers.new(name="UVMap")
        piece = bpy.data.objects.new("piece", mesh)
        bpy.context.collection.objects.link(piece)
        piece.location = at
        select([piece])
        self._finish(region, material_name, front=False, bevel=0, segments=1)
        return self

    def join(self, parent: bpy.types.Object) -> bpy.types.Object:
        """Make one object of the pieces, with its pivot, in the size of a toy."""
        select(self.pieces)
        bpy.ops.object.join()
        made = bpy.context.object
        made.name = made.data.name = self.name
        made.data.transform(Matrix.Translation(-self.pivot) @ made.matrix_world)
        made.data.transform(Matrix.Scale(UNIT, 4))
        made.matrix_world = Matrix.Translation(self.pivot * UNIT)
        made.parent = parent
        return made


def grid_faces(rows: int, columns: int, *, across_closed: bool) -> list[tuple[int, ...]]:
    """Return the quads between rows of points."""
    steps = columns if across_closed else columns - 1
    return [
        (row * columns + step, row * columns + (step + 1) % columns, (row + 1) * columns + (step + 1) % columns,
         (row + 1) * columns + step)
        for row in range(rows - 1) for step in range(steps)
    ]  # fmt: skip


def select(items: list[bpy.types.Object]) -> None:
    """Select these objects and no others; the first becomes the active one."""
    for other in bpy.context.selected_objects:
        other.select_set(False)
    for item in items:
        item.select_set(True)
    bpy.context.view_layer.objects.active = items[0]


def lay_out(mesh: bpy.types.Mesh, region: str, *, front: bool) -> None:
    """Give the mesh texture coordinates inside its region: seen from the front, or from each face's own side."""
    left, top, width, height = REGIONS[region]
    layer = mesh.uv_layers.active or mesh.uv_layers.new(name="UVMap")
    layer.name = "st"
    low = [min(vertex.co[axis] for vertex in mesh.vertices) for axis in range(3)]
    high = [max(vertex.co[axis] for vertex in mesh.vertices) for axis in range(3)]
    extent = [max(high[axis] - low[axis], 1e-6) for axis in range(3)]
    widest = max(extent)
    margin = 0.0 if front else 0.04
    for face in mesh.polygons:
        across, up = plane_of(face.normal) if not front else (0, 2)
        for loop in face.loop_indices:
            point = mesh.vertices[mesh.loops[loop].vertex_index].co
            u = (point[across] - low[across]) / (extent[across] if front else widest)
            v = (point[up] - low[up]) / (extent[up] if front else widest)
            u, v = margin + u * (1 - 2 * margin), margin + v * (1 - 2 * margin)
            layer.data[loop].uv = ((left + u * width) / SIZE, 1 - (top + (1 - v) * height) / SIZE)


def plane_of(normal: Vector) -> tuple[int, int]:
    """Return the two axes that a face is drawn along."""
    axis = max(range(3), key=lambda index: abs(normal[index]))
    return {0: (1, 2), 1: (0, 2), 2: (0, 1)}[axis]


def build_robot(textures: Path, *, version: int) -> bpy.types.Object:
    """Build the robot; version 2 has grippers for mittens and a propeller for the antenna."""
    materials = {
        "paint": material("robot_paint", textures),
        "metal": material("robot_metal", textures, metallic=1.0),
        "glow": glow("robot_glow", (0.22, 0.90, 0.80), 1.1),
        "lamp": glow("robot_lamp", (1.0, 0.22, 0.06), 1.0),
    }
    bpy.ops.object.empty_add(type="PLAIN_AXES")
    root = bpy.context.object
    root.name = "robot"

    body = Part("body", (0, 0, 0.75), materials)
    body.box((0, 0, 1.26), (1.3, 0.95, 1.1), "enamel", bevel=0.16)
    body.box((0, -0.475, 1.3), (0.92, 0.07, 0.8), "panel", bevel=0.03, front=True)
    body.box((0, 0, 0.72), (1.08, 0.8, 0.14), "dark", bevel=0.05)
    body.bellows((0, 0, 1.78), 0.2, 0.24, 2, "steel")
    for side in (-1, 1):
        body.rod((side * 0.66, 0, 1.58), 0.2, 0.1, "dark", axis="X", bevel=0.02)
    body.join(root)

    for side, label in ((-1, "R"), (1, "L")):
        leg = Part(f"leg_{label}", (side * 0.34, 0, 0.68), materials)
        leg.bellows((side * 0.34, 0, 0.26), 0.14, 0.42, 4, "steel")
        leg.box((side * 0.36, -0.1, 0.15), (0.5, 0.78, 0.3), "coral", bevel=0.11)
        leg.join(root)

    head = Part("head", (0, 0, 1.95), materials)
    head.box((0, 0, 2.36), (1.12, 0.86, 0.78), "enamel", bevel=0.2)
    head.box((0, -0.425, 2.36), (0.84, 0.08, 0.5), "face", bevel=0.035, front=True)
    for side in (-1, 1):
        head.rod((side * 0.2, -0.475, 2.42), 0.1, 0.05, "face", axis="Y", material="glow", bevel=0.015)
        head.rod((side * 0.585, 0, 2.36), 0.2, 0.1, "coral", axis="X", bevel=0.03)
        head.rod((side * 0.65, 0, 2.36), 0.1, 0.07, "steel", axis="X", material="metal", bevel=0.02)
    head.rod((0, 0, 2.77), 0.2, 0.08, "dark", bevel=0.02)
    if version == 1:
        head.rod((0, 0, 2.95), 0.028, 0.34, "steel", material="metal", sides=12)
        head.ball((0, 0, 3.16), 0.1, "coral", material="lamp")
    head.join(root)
    if version == 2:
        propeller(materials, root)
    for side, label in ((-1, "R"), (1, "L")):
        arm(materials, root, side, label, grippers=version == 2)
    return root


def propeller(materials: dict[str, bpy.types.Material], root: bpy.types.Object) -> None:
    """Add the propeller of version 2."""
    part = Part("propeller", (0, 0, 2.8), materials)
    part.rod((0, 0, 2.92), 0.035, 0.26, "steel", material="metal", sides=12)
    part.ball((0, 0, 3.07), 0.085, "coral")
    for index in range(3):
        angle = math.radians(20 + 120 * index)
        away = Vector((math.cos(angle), math.sin(angle), 0)) * 0.34
        at = (away.x, away.y, 3.07)
        part.box(at, (0.58, 0.2, 0.035), "brass" if index else "ivory", bevel=0.017,
                 rotation=(math.radians(34), 0, angle))  # fmt: skip
    part.join(root)


def arm(
    materials: dict[str, bpy.types.Material], root: bpy.types.Object, side: int, label: str, *, grippers: bool
) -> None:
    """Add an arm that hangs down from the shoulder."""
    x = side * 0.84
    part = Part(f"arm_{label}", (x, 0, 1.58), materials)
    part.ball((x, 0, 1.58), 0.2, "enamel")
    part.bellows((x, 0, 1.06), 0.1, 0.42, 5, "steel")
    part.rod((x, 0, 0.96), 0.17, 0.26, "enamel", bevel=0.03)
    if grippers:
        part.rod((x, 0, 0.81), 0.1, 0.08, "dark")
        part.hook((x, 0, 0.61), 0.16, 0.06, "coral")
    else:
        part.ball((x, 0, 0.76), 0.17, "coral", scale=(0.8, 1, 1))
    part.join(root)


# --- USD ------------------------------------------------------------------------------------------------------


def export_usd(root: bpy.types.Object, path: Path) -> None:
    """Write the robot as USD text, with numbers short enough to read."""
    parts = sorted(root.children, key=lambda part: part.name)
    for part in parts:
        part.parent = None  # the root prim takes the place of the root object, so that the materials lie below it too
    select(parts)
    bpy.ops.wm.usd_export(
        filepath=str(path), selected_objects_only=True, export_animation=False, export_materials=True,
        generate_preview_surface=True, generate_materialx_network=False, export_textures_mode="KEEP",
        relative_paths=True, convert_world_material=False, export_lights=False, export_cameras=False,
        root_prim_path="/robot", export_custom_properties=False, author_blender_name=False,
        convert_scene_units="METERS", evaluation_mode="RENDER", export_subdivision="IGNORE", merge_parent_xform=True,
    )  # fmt: skip
    for part in parts:
        part.parent = root
    text = path.read_text(encoding="utf-8")
    text = "".join(_indexed(_shorter(line)) for line in text.splitlines(keepends=True))
    text = text.replace("@textures/", "@./textures/").replace("(0, -0, 0)", "(0, 0, 0)")
    text = re.sub(r'(?s)(def Xform "robot" )\(.*?\n\)\n', r'\1(\n    kind = "component"\n)\n', text, count=1)
    text = re.sub(r'doc = "Blender[^"]*"', 'doc = "Toy robot: a part of Bifrost, CC0"', text)
    path.write_text(text, encoding="utf-8", newline="\n")


def _shorter(line: str) -> str:
    places = 3 if "normal3f[]" in line else 4 if "texCoord2f[]" in line else 5

    def rounded(match: re.Match[str]) -> str:
        return f"{round(float(match.group()), places) + 0.0:g}"

    return re.sub(r"-?\d+\.\d{3,}(?:e-?\d+)?|-?\d+(?:\.\d+)?e-\d+", rounded, line)


def _indexed(line: str) -> str:
    """Write what each corner of each face repeats once, with indices: a quarter of the text."""
    match = re.match(r"( +)(normal3f\[\] normals|texCoord2f\[\] primvars:st) = \[(.*)\]( \()?$", line)
    if not match:
        return line
    indent, declaration, body, opening = match.groups()
    declaration = declaration.replace("] normals", "] primvars:normals")
    values = re.findall(r"\([^)]*\)", body)
    distinct = {value: index for index, value in enumerate(dict.fromkeys(values))}
    indices = ", ".join(str(distinct[value]) for value in values)
    name = declaration.split()[1]
    return (
        f"{indent}int[] {name}:indices = [{indices}]\n{indent}{declaration} = [{', '.join(distinct)}]{opening or ''}\n"
    )


# --- pictures -------------------------------------------------------------------------------------------------


def fresh_scene() -> bpy.types.Scene:
    """Return an empty scene set for rendering on any machine."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = int(os.environ.get("DEMO_SAMPLES", "128"))
    scene.cycles.use_denoising = True
    scene.cycles.seed = 7
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.render.fps = 24
    return scene


def plain(name: str, color: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    """Return a material of one colour."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1)
    shader.inputs["Roughness"].default_value = roughness
    return made


def add_set(color: tuple[float, float, float]) -> None:
    """Add a floor that rises to a wall in a soft curve."""
    profile = [(-14.0, 0.0), (2.2, 0.0)]
    profile += [(2.2 + 2 * math.sin(a), 2 - 2 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 16)[1:]]
    profile += [(4.2, 12.0)]
    points = [(x * UNIT, y * UNIT, z * UNIT) for y, z in profile for x in (-16, 16)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    mesh = bpy.data.meshes.new("cyclorama")
    mesh.from_pydata(points, [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.materials.append(plain("cyclorama", color, 0.75))
    bpy.context.collection.objects.link(bpy.data.objects.new("cyclorama", mesh))


def add_light(at, toward, size: float, watts: float, color: tuple[float, float, float]) -> None:
    """Add a soft box that looks at a point."""
    data = bpy.data.lights.new("softbox", "AREA")
    data.size, data.energy, data.color = size * UNIT, watts * UNIT * UNIT, color
    made = bpy.data.objects.new("softbox", data)
    made.location = Vector(at) * UNIT
    made.rotation_euler = (Vector(toward) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(made)


def add_lights() -> None:
    """Light the set: a warm key, a cool fill, a rim from behind, a dim sky."""
    add_light((-4.2, -4.6, 5.6), (0, 0, 1.4), 3.0, 560, (1.0, 0.93, 0.84))
    add_light((5.2, -3.6, 2.6), (0, 0, 1.4), 4.0, 120, (0.80, 0.90, 1.0))
    add_light((3.0, 3.0, 5.4), (0, 0, 1.8), 1.6, 360, (1.0, 0.86, 0.72))
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.75, 0.85, 1.0, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.14
    bpy.context.scene.world = world


def add_camera(at, toward, lens: float) -> bpy.types.Object:
    """Add a camera that looks at a point."""
    data = bpy.data.cameras.new("camera")
    data.lens, data.clip_start = lens, 0.01
    made = bpy.data.objects.new("camera", data)
    bpy.context.collection.objects.link(made)
    bpy.context.scene.camera = made
    aim(made, at, toward)
    return made


def aim(camera: bpy.types.Object, at, toward) -> None:
    """Put the camera somewhere and point it at something."""
    camera.location = Vector(at) * UNIT
    camera.rotation_euler = (Vector(toward) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def render(path: Path, width: int, height: int, file_format: str) -> None:
    """Render the present frame into a file of that very name."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    settings = scene.render.image_settings
    settings.file_format = file_format
    settings.color_mode = "RGB"
    if file_format == "OPEN_EXR":
        settings.color_depth, settings.exr_codec, settings.quality = "16", "DWAA", 70
    else:
        settings.color_depth, settings.compression = "8", 100
    scene.render.use_stamp = scene.render.use_file_extension = False
    for field in ("date", "time", "render_time", "frame", "memory", "hostname", "scene", "camera", "filename", "note"):
        setattr(scene.render, f"use_stamp_{field}", False)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def make_model(files: Path, version: int) -> None:
    """Make one version of the model: USD and thumbnail."""
    folder = files / f"v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    fresh_scene()
    root = build_robot(files / "textures", version=version)
    # The export writes texture paths relative to the USD file, which will stand beside `textures`.
    staged = files / "robot.usda"
    export_usd(root, staged)
    staged.replace(folder / "robot.usda")
    pose(root, 0.0)
    add_set((0.80, 0.40, 0.13))
    add_lights()
    add_camera((2.5, -8.6, 3.1), (0.0, 0, 1.62), 82)
    render(folder / "thumbnail.png", 256, 256, "PNG")


def pose(root: bpy.types.Object, moment: float) -> None:
    """Pose the robot: ``moment`` runs from 0 to 1 through one wave of its hand."""
    parts = {child.name.split(".")[0]: child for child in root.children}
    wave = math.sin(moment * 2 * math.pi)
    parts["arm_R"].rotation_euler = Euler((math.radians(-12), math.radians(148 + 16 * wave), 0))
    parts["arm_L"].rotation_euler = Euler((math.radians(-14), math.radians(-9), 0))
    parts["head"].rotation_euler = Euler((math.radians(-2), math.radians(4 * wave), math.radians(14 - 10 * moment)))
    if "propeller" in parts:
        parts["propeller"].parent = parts["head"]
        parts["propeller"].matrix_parent_inverse = Matrix.Translation(Vector((0, 0, -1.95)) * UNIT)
        parts["propeller"].rotation_euler = Euler((0, 0, moment * 2 * math.pi / 3))


def make_shot(files: Path) -> None:
    """Render the shot: the robot of version 1 waves while the camera moves past toy blocks."""
    folder = files / "sh010"
    folder.mkdir(parents=True, exist_ok=True)
    scene = fresh_scene()
    root = build_robot(files / "textures", version=1)
    root.rotation_euler.z = math.radians(10)
    blocks = Part("blocks", (0, 0, 0), {"paint": material("blocks", files / "textures")})
    blocks.box((2.1, 0.5, 0.45), (0.9, 0.9, 0.9), "ivory", bevel=0.07, rotation=(0, 0, 0.35))
    blocks.box((2.9, -0.15, 0.4), (0.8, 0.8, 0.8), "wood", bevel=0.07, rotation=(0, 0, -0.3))
    blocks.box((2.35, 0.45, 1.3), (0.78, 0.78, 0.78), "coral", bevel=0.07, rotation=(0, 0, 0.75))
    blocks.box((-2.7, 0.7, 0.4), (0.8, 0.8, 0.8), "enamel", bevel=0.07, rotation=(0, 0, 0.5))
    bpy.ops.object.empty_add(type="PLAIN_AXES")
    blocks.join(bpy.context.object)
    add_set((0.80, 0.40, 0.13))
    add_lights()
    camera = add_camera((0, -10, 2), (0, 0, 1.5), 47)
    camera.data.dof.use_dof = True
    camera.data.dof.focus_object, camera.data.dof.aperture_fstop = root, 1.2
    for index, frame in enumerate(FRAMES):
        moment = index / len(FRAMES)
        scene.frame_set(frame)
        pose(root, moment)
        aim(camera, (2.6 - 2.2 * moment, -9.2 + 0.3 * moment, 2.2), (0.3 - 0.1 * moment, 0, 1.56))
        render(folder / f"sh010.{frame}.exr", 320, 180, "OPEN_EXR")
        if index == 3:
            render(folder / "thumbnail.png", 256, 144, "PNG")


def main() -> None:
    """Make everything into the folder named on the command line."""
    files = Path(sys.argv[1]).resolve()
    steps = sys.argv[2:] or ["textures", "v1", "v2", "shot"]
    if "textures" in steps:
        paint_textures(files / "textures")
    for version in (1, 2):
        if f"v{version}" in steps:
            make_model(files, version)
    if "shot" in steps:
        make_shot(files)
    sys.stdout.flush()
    os._exit(0)  # Blender as a module may hang or crash while the interpreter ends


if __name__ == "__main__":
    main()
