// Câu chữ của việc lưu nền bản đồ, bằng tiếng Việt; chỉ tải khi cần.
export const viTiles = {
  'tiles.title': 'Nền bản đồ của {name}',
  'tiles.offer': 'Chưa có trên máy: {count} ô ảnh, khoảng {size}. Lưu về để xem nền bản đồ khi không có sóng.',
  'tiles.rest': 'Còn thiếu {count} ô ảnh, khoảng {size}.',
  'tiles.none': 'Máy chủ không có {count} ô còn lại. Phần đã có xem được khi không có sóng.',
  'tiles.fieldsOnly': 'Xã rộng: ảnh nhìn gần chỉ lưu quanh các thửa và nhà đã có trong sổ.',
  'tiles.take': 'Lưu nền bản đồ',
  'tiles.taking': 'Đã lưu {done}/{count} ô ảnh, {size}…',
  'tiles.stop': 'Dừng',
  'tiles.stored': 'Đã có đủ {count} ô ảnh trên máy; xem được khi không có sóng.',
  'tiles.forget': 'Xóa nền bản đồ khỏi máy',
  'tiles.lost': 'Mất sóng giữa chừng. Phần đã lưu vẫn còn; hãy bấm lại khi có sóng.',
  'tiles.refused': 'Máy chủ nền bản đồ không cho lưu ảnh về máy. Xin báo quản trị viên (máy chủ cần gửi Access-Control-Allow-Origin).',
  'tiles.full': 'Máy đã hết chỗ. Phần đã lưu vẫn còn; hãy xóa bớt ảnh, ứng dụng rồi bấm lại.',
} as const;
